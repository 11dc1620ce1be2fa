import { ChevronDown, ChevronRight, X } from "lucide-react";
import { useState } from "react";
import { useMe } from "../data/me";
import type { FilterField } from "../fields/list";
import { useShortcut } from "../keys/useShortcut";
import { Button } from "../kit/Button";
import { IconButton } from "../kit/IconButton";
import { useWords } from "../words/words";
import { Actions } from "./controls/Actions";
import { ChangeOf, Checks, Facet, Text, Toggle } from "./controls/Basic";
import { Catalogue } from "./controls/Catalogue";
import type { ControlProps } from "./controls/control";
import { Period } from "./controls/Period";
import { Users } from "./controls/Users";
import { paramsOf } from "./filter";
import type { FilterState } from "./useFilter";
import styles from "./FilterPanel.module.css";

function Control({ field, ...props }: ControlProps) {
  switch (field.kind) {
    case "order":
      return null;
    case "period":
      return <Period field={field} {...props} />;
    case "text":
      return <Text field={field} {...props} />;
    case "switch":
      return <Toggle field={field} {...props} />;
    case "checks":
      return <Checks field={field} {...props} />;
    case "facet":
      return <Facet field={field} {...props} />;
    case "users":
      return <Users field={field} {...props} />;
    case "actions":
      return <Actions field={field} {...props} />;
    case "catalogue":
      return <Catalogue field={field} {...props} />;
    case "change":
      return <ChangeOf field={field} {...props} />;
  }
}

interface FilterPanelProps {
  fields: readonly FilterField[];
  /** Params that the page has fixed: nobody can take them away. */
  locked: readonly string[];
  state: FilterState;
  /** What the server refused, by param. */
  refused: { param: string; text: string } | undefined;
  onClose: () => void;
}

/** The filter at the right. Nothing runs before Apply. */
export default function FilterPanel({ fields, locked, state, refused, onClose }: FilterPanelProps) {
  const { t } = useWords();
  const { permissions } = useMe();
  const { draft, applied, pending, edit, revert, apply } = state;
  const own = fields.filter(
    ({ permission, param }) =>
      !locked.includes(param) && (permission === undefined || permissions.some((one) => one === permission)),
  );
  const further = own.filter(({ more }) => more === true);
  const used = further.filter((field) => paramsOf(field).some((param) => draft[param] !== undefined)).length;
  const [wanted, setWanted] = useState<boolean>();
  const isOpen = wanted ?? used > 0;
  useShortcut("apply", apply);
  useShortcut("close", () => {
    if (pending === 0) {
      return false;
    }
    revert();
    return true;
  });
  const control = (field: FilterField) => {
    const enabled = field.enabled?.(draft) ?? true;
    return (
      <Control
        key={field.param}
        field={field}
        draft={draft}
        applied={applied}
        edit={edit}
        isDisabled={!enabled}
        hint={enabled || field.disabledHint === undefined ? undefined : t(field.disabledHint)}
        error={refused !== undefined && paramsOf(field).includes(refused.param) ? refused.text : undefined}
      />
    );
  };
  return (
    <aside className={styles.panel} aria-label={t("list.filter")}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t("list.filter")}</h2>
        <IconButton label={t("list.fold_filter")} onPress={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <div className={styles.fields}>
          {own.filter(({ more }) => more !== true).map(control)}
          {further.length === 0 ? null : (
            <button type="button" className={styles.more} aria-expanded={isOpen} onClick={() => setWanted(!isOpen)}>
              {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
              {t("list.more_filters")}
              {used === 0 ? null : <span className={styles.used}>{used}</span>}
            </button>
          )}
          {isOpen ? further.map(control) : null}
        </div>
        <div className={styles.foot}>
          <p className={styles.pending} role="status">
            {pending === 0 ? "" : t("list.pending", { count: pending })}
          </p>
          <div className={styles.buttons}>
            <Button {...(pending === 0 ? { isDisabled: true } : { onPress: revert })}>{t("list.revert")}</Button>
            <Button type="submit" kind="primary">
              {t("list.apply")}
            </Button>
          </div>
        </div>
      </form>
    </aside>
  );
}
