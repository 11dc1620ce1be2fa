import { Label } from "react-aria-components/Label";
import { Radio, RadioGroup } from "react-aria-components/RadioGroup";
import field from "./Field.module.css";
import styles from "./Segments.module.css";
import type { Choice } from "./Select";

interface SegmentsProps {
  label: string;
  bare?: boolean;
  choices: readonly Choice[];
  value: string;
  onChange: (id: string) => void;
}

/** One of two to four, all in sight. */
export function Segments({ label, bare, choices, value, onChange }: SegmentsProps) {
  return (
    <RadioGroup
      className={field.field ?? ""}
      value={value}
      onChange={onChange}
      orientation="horizontal"
      {...(bare === true ? { "aria-label": label } : {})}
    >
      {bare === true ? null : <Label className={field.label ?? ""}>{label}</Label>}
      <div className={styles.segments}>
        {choices.map(({ id, label: text, reason }) => (
          <Radio key={id} value={id} isDisabled={reason !== undefined} className={styles.segment ?? ""}>
            {text}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
