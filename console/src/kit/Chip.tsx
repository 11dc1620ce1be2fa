import { X } from "lucide-react";
import { Button } from "react-aria-components/Button";
import styles from "./Chip.module.css";

interface ChipProps {
  label: string;
  value: string;
  /** What the cross does, for readers. */
  removeLabel?: string;
  onRemove?: () => void;
  tone?: "plain" | "warn";
}

/** A part of what is applied, with a cross that takes it away. */
export function Chip({ label, value, removeLabel, onRemove, tone = "plain" }: ChipProps) {
  return (
    <span className={`${styles.chip} ${styles[tone]}`}>
      <span className={styles.label}>{label}</span>
      <span className={styles.value} title={value}>
        {value}
      </span>
      {onRemove === undefined ? null : (
        <Button className={styles.remove ?? ""} aria-label={removeLabel ?? ""} onPress={onRemove}>
          <X size={12} aria-hidden />
        </Button>
      )}
    </span>
  );
}
