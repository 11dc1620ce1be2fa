import type { Change } from "../../data/schema";
import { valueText } from "../../fields/values";
import { useWords } from "../../words/words";
import styles from "./EventDetails.module.css";

/** Field, old, new. Where nothing old was sent, there is no such column. */
export function ChangesTable({ changes }: { changes: readonly Change[] }) {
  const { t } = useWords();
  if (changes.length === 0) {
    return null;
  }
  const hasOld = changes.some(({ old }) => old !== undefined);
  return (
    <section className={styles.section}>
      <h2>{t("events.changes")}</h2>
      <table className={styles.changes}>
        <thead>
          <tr>
            <th scope="col">{t("events.field")}</th>
            {hasOld ? <th scope="col">{t("events.old")}</th> : null}
            <th scope="col">{t("events.new")}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ path, op, old, new: next }, index) => (
            <tr key={`${path} ${index}`}>
              <td>{path}</td>
              {hasOld ? <td className={styles.before}>{valueText(old) ?? t("common.none")}</td> : null}
              <td>{op === "remove" ? t("common.none") : (valueText(next) ?? t("events.empty_value"))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
