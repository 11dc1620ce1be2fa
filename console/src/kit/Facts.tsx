import type { ReactNode } from "react";
import styles from "./Facts.module.css";

export interface FactRow {
  label: string;
  value: ReactNode;
}

/** What is known about a thing, name beside value; what is not known is not there. */
export function Facts({ title, rows }: { title?: string; rows: readonly (FactRow | undefined | false)[] }) {
  const known = rows.filter((row) => row !== undefined && row !== false);
  if (known.length === 0) {
    return null;
  }
  return (
    <section className={styles.section}>
      {title === undefined ? null : <h2>{title}</h2>}
      <dl className={styles.list}>
        {known.map(({ label, value }) => (
          <div key={label} className={styles.row}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
