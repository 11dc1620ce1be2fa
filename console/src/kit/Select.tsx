import { Check, ChevronDown } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import field from "./Field.module.css";
import overlay from "./Overlay.module.css";
import styles from "./Select.module.css";

export interface Choice {
  id: string;
  label: string;
  /** Why it can't be chosen. */
  reason?: string | undefined;
}

interface SelectProps {
  label: string;
  /** The label is for readers only, where the place says what is chosen. */
  bare?: boolean;
  choices: readonly Choice[];
  value: string;
  onChange: (id: string) => void;
  isDisabled?: boolean;
  hint?: string | undefined;
}

/** One of a few. */
export function Select({ label, bare, choices, value, onChange, isDisabled, hint }: SelectProps) {
  return (
    <AriaSelect
      className={field.field ?? ""}
      value={value}
      onChange={(key) => {
        if (typeof key === "string") {
          onChange(key);
        }
      }}
      isDisabled={isDisabled ?? false}
      {...(bare === true ? { "aria-label": label } : {})}
    >
      {bare === true ? null : <Label className={field.label ?? ""}>{label}</Label>}
      <Button className={`${field.control} ${styles.button}`}>
        <SelectValue className={styles.value ?? ""} />
        <ChevronDown size={14} aria-hidden />
      </Button>
      {hint === undefined ? null : <p className={field.hint}>{hint}</p>}
      <Popover className={`${overlay.popover} ${styles.popover}`} offset={4}>
        <ListBox className={field.listbox ?? ""} items={choices}>
          {({ id, label: text, reason }) => (
            <ListBoxItem id={id} textValue={text} isDisabled={reason !== undefined} className={field.option ?? ""}>
              <span className={field.optionText}>
                {text}
                {reason === undefined ? null : <span className={styles.reason}>{reason}</span>}
              </span>
              <Check size={14} aria-hidden className={field.tick} />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
