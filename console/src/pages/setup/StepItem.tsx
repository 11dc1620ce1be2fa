import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { useWords } from "../../words/words";
import { STEPS, type Standing, type Step } from "./steps";
import styles from "./Setup.module.css";

interface StepItemProps {
  step: Step;
  standing: Standing;
  children: ReactNode;
}

/** A step with its mark: a number until it is done, then a tick, and the same in words. */
export function StepItem({ step, standing, children }: StepItemProps) {
  const { t } = useWords();
  return (
    <li className={styles.step} data-standing={standing} {...(standing === "now" ? { "aria-current": "step" } : {})}>
      <span className={styles.mark} aria-hidden>
        {standing === "done" ? <Check size={14} /> : STEPS.indexOf(step) + 1}
      </span>
      <div className={styles.body}>
        <h2 className={styles.title}>
          {t(standing === "done" ? `setup.${step}` : `setup.${step}.todo`)}
          <span className={styles.standing}>{t(`setup.standing.${standing}`)}</span>
        </h2>
        {children}
      </div>
    </li>
  );
}
