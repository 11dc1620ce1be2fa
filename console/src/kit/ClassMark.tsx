import { Minus, Pencil, Plus, Circle } from "lucide-react";
import { useWords } from "../words/words";
import styles from "./ClassMark.module.css";

const icons = { create: Plus, delete: Minus, change: Pencil, other: Circle } as const;

/** What kind of act it was: created, changed, deleted or another, by icon, word and colour. */
export function ClassMark({ name, iconOnly }: { name: string; iconOnly?: boolean }) {
  const { t } = useWords();
  const known = name === "create" || name === "delete" || name === "change" ? name : "other";
  const Icon = icons[known];
  const word = t(`common.class.${known}`);
  return (
    <span className={`${styles.mark} ${styles[known]}`}>
      <Icon size={known === "other" ? 8 : 13} aria-hidden className={styles.icon} />
      <span className={iconOnly === true ? "hidden-visually" : ""}>{word}</span>
    </span>
  );
}
