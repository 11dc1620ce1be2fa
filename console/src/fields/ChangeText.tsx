import type { Change } from "../data/schema";
import { useWords } from "../words/words";
import styles from "./fields.module.css";
import { valueText } from "./values";

/** Old → new; where there is only a new value, as for older events, it stands alone, without an arrow. */
export function ChangeText({ change, hidePath }: { change: Change; hidePath?: boolean }) {
  const { t } = useWords();
  const before = valueText(change.old);
  const after = valueText(change.new);
  const removed = change.op === "remove";
  return (
    <span>
      {hidePath === true ? null : <span className={styles.path}>{change.path} </span>}
      {before === undefined ? null : (
        <>
          <del className={styles.old}>{before}</del>
          {removed ? null : <span aria-hidden>{" → "}</span>}
        </>
      )}
      {removed ? null : <ins className={styles.new}>{after ?? t("events.empty_value")}</ins>}
    </span>
  );
}
