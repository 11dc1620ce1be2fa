import { ChevronDown, ChevronsUp, ChevronUp, Equal, Info } from "lucide-react";
import { useWords } from "../words/words";
import styles from "./Level.module.css";

const icons = { informational: Info, low: ChevronDown, medium: Equal, high: ChevronUp, critical: ChevronsUp } as const;

export type LevelName = keyof typeof icons;

export function isLevel(text: string): text is LevelName {
  return text in icons;
}

/** How bad it is: an icon, a word and a colour that say the same. */
export function Level({ level, count }: { level: string; count?: number }) {
  const { t } = useWords();
  if (!isLevel(level)) {
    return <span className={styles.level}>{level}</span>;
  }
  const Icon = icons[level];
  return (
    <span className={`${styles.level} ${styles[level]}`}>
      <Icon size={14} aria-hidden />
      {t(`common.level.${level}`)}
      {count === undefined ? null : <span className={styles.count}>{count}</span>}
    </span>
  );
}
