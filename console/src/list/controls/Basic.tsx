import { joinList, splitList } from "../../fields/schemas";
import { Checkbox } from "../../kit/Checkbox";
import field from "../../kit/Field.module.css";
import { MultiSelect } from "../../kit/MultiSelect";
import { Switch } from "../../kit/Switch";
import { TextField } from "../../kit/TextField";
import { formatNumber } from "../../time/format";
import { useWords } from "../../words/words";
import { learn, nameOf } from "../labels";
import { useFacet } from "../useFacets";
import type { ControlProps, Kind } from "./control";
import styles from "./controls.module.css";

export function Text({ field: own, draft, edit, isDisabled, hint, error }: ControlProps<Kind<"text">>) {
  const { t } = useWords();
  return (
    <TextField
      label={t(own.label)}
      {...(own.placeholder === undefined ? {} : { placeholder: t(own.placeholder) })}
      hint={own.hint === undefined ? hint : t(own.hint)}
      error={error}
      isDisabled={isDisabled}
      value={draft[own.param] ?? ""}
      onChange={(value) => edit({ [own.param]: value === "" ? undefined : value })}
    />
  );
}

export function Toggle({ field: own, draft, edit, isDisabled }: ControlProps<Kind<"switch">>) {
  const { t } = useWords();
  return (
    <Switch
      isSelected={draft[own.param] === "true"}
      isDisabled={isDisabled}
      onChange={(on) => edit({ [own.param]: on ? "true" : undefined })}
    >
      {t(own.label)}
    </Switch>
  );
}

/** A few, all in sight: nothing chosen means all of them. */
export function Checks({ field: own, draft, edit, isDisabled }: ControlProps<Kind<"checks">>) {
  const { t, locale } = useWords();
  const counts = useFacet(own.facet ?? "");
  const chosen = draft[own.param] === undefined ? [] : splitList(draft[own.param] ?? "");
  return (
    <fieldset className={`${field.field} ${styles.fieldset}`} disabled={isDisabled}>
      <legend className={field.label}>{t(own.label)}</legend>
      {own.choices.map(({ value, label }) => {
        const count = counts.find((one) => one.value === value)?.count;
        return (
          <Checkbox
            key={value}
            isDisabled={isDisabled}
            isSelected={chosen.includes(value)}
            onChange={(on) => {
              const next = on ? [...chosen, value] : chosen.filter((one) => one !== value);
              edit({ [own.param]: next.length === 0 ? undefined : joinList(next) });
            }}
          >
            {t(label)}
            {count === undefined ? null : <span className={styles.count}>{formatNumber(count, locale)}</span>}
          </Checkbox>
        );
      })}
    </fieldset>
  );
}

/** Any of what the log holds, with counts of the applied filter; others can be typed. */
export function Facet({ field: own, draft, edit, isDisabled, hint }: ControlProps<Kind<"facet">>) {
  const { t } = useWords();
  const values = useFacet(own.facet);
  const chosen = draft[own.param] === undefined ? [] : splitList(draft[own.param] ?? "");
  const options = values.map(({ value, label, count }) => {
    learn(own.param, value, label);
    return { id: value, label: label || value || t("list.without"), count };
  });
  const absent = chosen
    .filter((one) => !values.some(({ value }) => value === one))
    .map((one) => ({ id: one, label: nameOf(own.param, one) }));
  return (
    <MultiSelect
      label={t(own.label)}
      none={t("list.any")}
      options={[...absent, ...options]}
      selected={chosen}
      onChange={(ids) => edit({ [own.param]: ids.length === 0 ? undefined : joinList(ids) })}
      allowTyped
      isDisabled={isDisabled}
      hint={hint}
    />
  );
}

/** A changed field, from a value, to a value: all about the same change. */
export function ChangeOf({ field: own, draft, edit, error }: ControlProps<Kind<"change">>) {
  const { t } = useWords();
  const part = (param: string, label: string, refused?: string) => (
    <TextField
      label={label}
      error={refused}
      isDisabled={param !== own.param && draft[own.param] === undefined}
      value={draft[param] ?? ""}
      onChange={(value) =>
        edit(
          param === own.param && value === ""
            ? { [param]: undefined, changed_from: undefined, changed_to: undefined }
            : { [param]: value === "" ? undefined : value },
        )
      }
    />
  );
  return (
    <div className={styles.change}>
      {part(own.param, t(own.label), error)}
      {part("changed_from", t("list.changed_from"))}
      {part("changed_to", t("list.changed_to"))}
    </div>
  );
}
