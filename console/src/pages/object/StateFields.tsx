import { useState } from "react";
import { valueText } from "../../fields/values";
import { Button } from "../../kit/Button";
import { useWords } from "../../words/words";
import styles from "./ObjectPage.module.css";

/** So many fields stand in the head without being asked for. */
const few = 6;

/** The object's fields as they last were. */
export function StateFields({ state }: { state: Record<string, unknown> }) {
  const { t } = useWords();
  const [all, setAll] = useState(false);
  const fields = Object.entries(state);
  if (fields.length === 0) {
    return null;
  }
  return (
    <section className={styles.state} aria-label={t("objects.state")}>
      <dl className={styles.fields}>
        {(all ? fields : fields.slice(0, few)).map(([name, value]) => (
          <div key={name} className={styles.field}>
            <dt>{name}</dt>
            <dd title={valueText(value)}>{valueText(value) ?? t("events.empty_value")}</dd>
          </div>
        ))}
      </dl>
      {fields.length > few ? (
        <Button kind="quiet" size="small" aria-expanded={all} onPress={() => setAll(!all)}>
          {all ? t("objects.hide_state") : t("objects.show_state")}
        </Button>
      ) : null}
    </section>
  );
}
