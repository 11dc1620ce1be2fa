import { Check, X } from "lucide-react";
import type { ExplainedStep } from "../../data/violations";
import { useWords } from "../../words/words";
import styles from "./Steps.module.css";

/** Condition by condition, whether it holds; the words are the server's. */
export function Steps({ steps }: { steps: readonly ExplainedStep[] }) {
  const { t } = useWords();
  return (
    <ul className={styles.steps}>
      {steps.map((step, index) => (
        // Steps stand in the rule's own order, which never changes.
        // oxlint-disable-next-line react/no-array-index-key
        <li key={index} data-holds={step.holds}>
          <span className={styles.verdict}>
            {step.holds ? <Check size={14} aria-hidden /> : <X size={14} aria-hidden />}
            <span className="hidden-visually">{t(step.holds ? "violations.holds" : "violations.fails")}</span>
          </span>
          <div>
            {step.text}
            {step.steps === undefined || step.steps.length === 0 ? null : <Steps steps={step.steps} />}
          </div>
        </li>
      ))}
    </ul>
  );
}
