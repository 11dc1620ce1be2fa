import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

interface EmptyStateProps {
  title: string;
  text?: string | undefined;
  icon?: ReactNode;
  /** What may be done about it. */
  children?: ReactNode;
}

/** Nothing is here: says why, and what to do. */
export function EmptyState({ title, text, icon, children }: EmptyStateProps) {
  return (
    <div className={styles.state}>
      {icon === undefined ? null : <div className={styles.icon}>{icon}</div>}
      <p className={styles.title}>{title}</p>
      {text === undefined ? null : <p className={styles.text}>{text}</p>}
      {children === undefined ? null : <div className={styles.actions}>{children}</div>}
    </div>
  );
}
