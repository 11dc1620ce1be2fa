import { ArrowDown, ArrowUp } from "lucide-react";
import type { Column } from "../fields/list";
import { useWords } from "../words/words";
import styles from "./Table.module.css";

interface HeadRowProps<T> {
  columns: readonly Column<T>[];
  template: string;
  narrow: boolean;
  order?: "asc" | "desc" | undefined;
  onOrder?: (() => void) | undefined;
}

/** The names of the columns; a click on the time turns the order round. */
export function HeadRow<T>({ columns, template, narrow, order, onOrder }: HeadRowProps<T>) {
  const { t } = useWords();
  const Arrow = order === "asc" ? ArrowUp : ArrowDown;
  return (
    <div role="rowgroup" className={narrow ? "hidden-visually" : styles.head}>
      <div
        role="row"
        aria-rowindex={1}
        className={styles.headRow}
        style={narrow ? {} : { gridTemplateColumns: template }}
      >
        {columns.map(({ id, label, sort, end }) => {
          const sorted = sort === true && onOrder !== undefined;
          return (
            <div
              key={id}
              role="columnheader"
              className={`${styles.headCell} ${end === true ? styles.end : ""}`}
              {...(sorted ? { "aria-sort": order === "asc" ? ("ascending" as const) : ("descending" as const) } : {})}
            >
              {sorted ? (
                <button type="button" className={styles.sort} onClick={onOrder}>
                  {t(label)}
                  <Arrow size={12} aria-hidden />
                </button>
              ) : (
                t(label)
              )}
            </div>
          );
        })}
        <div role="columnheader" className={styles.headCell}>
          <span className="hidden-visually">{t("common.more")}</span>
        </div>
      </div>
    </div>
  );
}
