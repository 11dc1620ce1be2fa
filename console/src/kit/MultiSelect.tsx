import { Check, ChevronDown } from "lucide-react";
import { type ReactNode, useId, useMemo, useState } from "react";
import { Autocomplete } from "react-aria-components/Autocomplete";
import { Button } from "react-aria-components/Button";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { formatNumber } from "../time/format";
import { useWords } from "../words/words";
import field from "./Field.module.css";
import overlay from "./Overlay.module.css";
import { SearchField } from "./SearchField";
import styles from "./MultiSelect.module.css";

export interface Option {
  id: string;
  label: string;
  /** Said in small letters beside it. */
  hint?: string | undefined;
  count?: number | undefined;
}

interface MultiSelectProps {
  label: string;
  /** What is shown while nothing is chosen: that it filters nothing. */
  none: string;
  options: readonly Option[];
  selected: readonly string[];
  onChange: (ids: string[]) => void;
  /** The options come from elsewhere, by what is typed. */
  onSearch?: (text: string) => void;
  /** Asked for when it is opened, not before: a read is on record. */
  onOpen?: () => void;
  isLoading?: boolean;
  /** Whether what is typed may be chosen though no option has it. */
  allowTyped?: boolean;
  isDisabled?: boolean;
  hint?: string | undefined;
  /** Under the list: a switch for more. */
  foot?: ReactNode;
}

/** Any of many, found by typing, each with how often there is any of it. */
export function MultiSelect(props: MultiSelectProps) {
  const { label, none, options, selected, onChange, onSearch, onOpen, isLoading, allowTyped, isDisabled, hint, foot } =
    props;
  const { t, locale } = useWords();
  const [text, setText] = useState("");
  const id = useId();
  const names = useMemo(() => new Map(options.map((option) => [option.id, option.label])), [options]);
  const shown = useMemo(() => {
    // What is chosen and not among the options stays in reach, so that it can be taken away.
    const absent = selected.filter((one) => !names.has(one)).map((one): Option => ({ id: one, label: one }));
    const wanted = text.trim().toLocaleLowerCase(locale);
    const has = ({ label: name, hint: more, id: key }: Option) =>
      [name, more ?? "", key].some((part) => part.toLocaleLowerCase(locale).includes(wanted));
    const found = onSearch === undefined && wanted !== "" ? options.filter(has) : options;
    const typed = text.trim();
    // Not before the search has answered, or what was meant for somebody would be taken as typed.
    const extra: Option[] =
      allowTyped === true && isLoading !== true && typed !== "" && !names.has(typed) && !selected.includes(typed)
        ? [{ id: typed, label: t("common.use_typed", { text: typed }) }]
        : [];
    return [...absent, ...found, ...extra];
  }, [options, selected, names, text, locale, onSearch, allowTyped, isLoading, t]);
  const value =
    selected.length === 0
      ? none
      : selected.length === 1
        ? (names.get(selected[0] ?? "") ?? selected[0])
        : t("common.chosen", { count: selected.length });
  return (
    <div className={field.field} data-disabled={isDisabled === true || undefined}>
      <span className={field.label} id={`${id}-label`}>
        {label}
      </span>
      <DialogTrigger
        onOpenChange={(open) => {
          if (open) {
            onOpen?.();
          }
        }}
      >
        <Button
          className={`${field.control} ${styles.button}`}
          isDisabled={isDisabled ?? false}
          aria-labelledby={`${id}-label ${id}-value`}
        >
          <span className={styles.value} id={`${id}-value`} data-none={selected.length === 0 || undefined}>
            {value}
          </span>
          <ChevronDown size={14} aria-hidden />
        </Button>
        <Popover className={`${overlay.popover} ${styles.popover}`} offset={4} placement="bottom start">
          <Dialog aria-label={label} className={styles.dialog ?? ""}>
            <Autocomplete
              inputValue={text}
              onInputChange={(next) => {
                setText(next);
                onSearch?.(next);
              }}
            >
              <div className={styles.search}>
                <SearchField label={t("common.search")} clearLabel={t("common.clear")} autoFocus />
              </div>
              <ListBox
                className={field.listbox ?? ""}
                aria-label={label}
                items={shown}
                selectionMode="multiple"
                selectedKeys={selected}
                onSelectionChange={(keys) =>
                  onChange(keys === "all" ? shown.map((one) => one.id) : [...keys].map(String))
                }
                renderEmptyState={() => (
                  <p className={styles.empty}>{isLoading === true ? t("common.loading") : t("common.nothing_found")}</p>
                )}
              >
                {({ id: key, label: name, hint: more, count }) => (
                  <ListBoxItem id={key} textValue={name} className={field.option ?? ""}>
                    <Check size={14} aria-hidden className={field.tick} />
                    <span className={field.optionText}>
                      {name}
                      {more === undefined ? null : <span className={styles.more}>{more}</span>}
                    </span>
                    {count === undefined ? null : (
                      <span className={field.optionCount}>{formatNumber(count, locale)}</span>
                    )}
                  </ListBoxItem>
                )}
              </ListBox>
            </Autocomplete>
            <div className={styles.foot}>
              <button
                type="button"
                className={styles.clear}
                disabled={selected.length === 0}
                onClick={() => onChange([])}
              >
                {t("common.clear")}
              </button>
              {foot}
            </div>
          </Dialog>
        </Popover>
      </DialogTrigger>
      {hint === undefined ? null : <p className={field.hint}>{hint}</p>}
    </div>
  );
}
