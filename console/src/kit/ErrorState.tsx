import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button";
import { useWords } from "../words/words";
import styles from "./EmptyState.module.css";

interface ErrorStateProps {
  title: string;
  text?: string | undefined;
  /** Code, time, request: what support asks for. */
  facts?: readonly string[];
  onRetry?: () => void;
  children?: ReactNode;
}

/** Something failed: what, what to do, and what to report. */
export function ErrorState({ title, text, facts = [], onRetry, children }: ErrorStateProps) {
  const { t } = useWords();
  return (
    <div className={styles.state} role="alert">
      <div className={styles.icon}>
        <CircleAlert size={20} aria-hidden />
      </div>
      <p className={styles.title}>{title}</p>
      {text === undefined ? null : <p className={styles.text}>{text}</p>}
      <div className={styles.actions}>
        {children}
        {onRetry === undefined ? null : <Button onPress={onRetry}>{t("common.retry")}</Button>}
      </div>
      {facts.length === 0 ? null : (
        <p className={styles.facts}>
          {facts.map((fact) => (
            <span key={fact} className="mono">
              {fact}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}
