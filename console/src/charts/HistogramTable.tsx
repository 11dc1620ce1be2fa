import { FormattedMessage, useIntl } from "react-intl";
import { type Clock } from "../time/format.ts";
import { type Bucket, CLASSES, totalOf } from "./bars.ts";
import { formatSpan } from "./span.ts";
import { type Interval } from "./ticks.ts";
import styles from "./Histogram.module.css";

interface HistogramTableProps {
  buckets: readonly Bucket[];
  interval: Interval;
  clock: Clock;
  onSelect: (from: string, to: string) => void;
}

/** The same counts as a table; stretches without events are left out. */
export function HistogramTable({ buckets, interval, clock, onSelect }: HistogramTableProps) {
  const intl = useIntl();
  return (
    <section className={styles.scroll} aria-label={intl.formatMessage({ id: "charts.table" })}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">
              <FormattedMessage id="charts.time" />
            </th>
            <th scope="col">
              <FormattedMessage id="charts.total" />
            </th>
            {CLASSES.map((name) => (
              <th key={name} scope="col">
                <FormattedMessage id={`charts.${name}`} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets
            .filter((bucket) => totalOf(bucket) > 0)
            .map((bucket) => (
              <tr key={bucket.from}>
                <th scope="row">
                  <button type="button" className={styles.toggle} onClick={() => onSelect(bucket.from, bucket.to)}>
                    {formatSpan(bucket, interval, clock)}
                  </button>
                </th>
                <td>{intl.formatNumber(totalOf(bucket))}</td>
                {CLASSES.map((name) => (
                  <td key={name}>{intl.formatNumber(bucket[name])}</td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
