import { TriangleAlert } from "lucide-react";
import type { IngestStatus, Key, Refusal } from "../../data/setup";
import { Time } from "../../kit/Time";
import { useWords } from "../../words/words";
import styles from "./Setup.module.css";

interface Row extends Refusal {
  key: string;
}

/** Every reason of every key, the latest first. */
function rowsOf(status: IngestStatus, keys: readonly Key[]): Row[] {
  return status.keys
    .flatMap(({ key_id: id, label, codes }) => {
      const name = label ?? keys.find((key) => key.id === id)?.name ?? "";
      return codes.map((code) => ({ ...code, key: name === "" ? id : name }));
    })
    .sort((a, b) => b.last.at.localeCompare(a.last.at));
}

/** Why events did not arrive: configured is not arrived. */
export function Refusals({ status, keys }: { status: IngestStatus; keys: readonly Key[] }) {
  const { t, known } = useWords();
  const rows = rowsOf(status, keys);
  if (rows.length === 0) {
    return null;
  }
  return (
    <section className={styles.refusals} aria-labelledby="refusals">
      <h3 id="refusals" className={styles.refusalsTitle}>
        <TriangleAlert size={14} aria-hidden />
        {t("setup.refused")}
      </h3>
      <p className="muted">{t("setup.refused.text")}</p>
      <ul className={styles.refusalList}>
        {rows.map((row) => (
          <li key={`${row.key} ${row.code}`} className={styles.refusal}>
            <div className={styles.refusalHead}>
              <strong>{known("setup.code", row.code)}</strong>
              {row.last.pointer === null || row.last.pointer === "" ? (
                <span className="muted">{t("setup.refused.whole")}</span>
              ) : (
                <code className={styles.pointer}>{row.last.pointer}</code>
              )}
            </div>
            <p className={styles.detail}>{row.last.detail}</p>
            <p className={styles.refusalMeta}>
              <span>{row.key}</span>
              <span className="number">{t("setup.refused.count", { count: row.count })}</span>
              <Time at={row.last.at} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
