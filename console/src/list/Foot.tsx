import type { Page, PageWindow } from "../data/pages";
import { asProblem } from "../data/problem";
import { useZones } from "../kit/clock";
import { formatDateTime, formatNumber } from "../time/format";
import { useWords } from "../words/words";
import { problemWords } from "./problems";
import type { Rows } from "./rows";
import styles from "./ListFrame.module.css";

interface FootProps<T, P extends Page<T>> {
  rows: Rows<T>;
  window: PageWindow<T, P>;
  reload: () => void;
}

/** What the list has read, and up to when it is complete. */
export function Foot<T, P extends Page<T>>({ rows, window, reload }: FootProps<T, P>) {
  const words = useWords();
  const { t, locale } = words;
  const { zone } = useZones();
  const { completeUntil: until, error } = window;
  const count = { count: rows.count, shown: formatNumber(rows.count, locale) };
  return (
    <div className={styles.foot}>
      <span className="number">{t(rows.ended ? "list.rows_all" : "list.rows", count)}</span>
      {until === undefined ? null : (
        <span>
          {until === null
            ? t("shell.fresh_unknown")
            : t("list.complete", { time: formatDateTime(until, { locale, zone }) })}
        </span>
      )}
      {error === undefined ? null : (
        <span role="alert">
          {problemWords(asProblem(error), words).title}{" "}
          <button type="button" className={styles.foldHead} onClick={() => window.retry()}>
            {t("common.retry")}
          </button>
        </span>
      )}
      <button type="button" className={styles.foldHead} onClick={reload}>
        {t("list.reload")}
      </button>
      <span>{t("shell.recorded")}</span>
    </div>
  );
}
