import { useWords } from "../../words/words";
import styles from "./Detail.module.css";

/** How far what was seen is beyond the limit. The words above it say the same. */
export function LimitBar({ seen, limit }: { seen: number; limit: number }) {
  const { locale } = useWords();
  const top = Math.max(seen, limit, 1);
  const share = (value: number) => `${Math.max(0, Math.min(100, (value / top) * 100))}%`;
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return (
    <div className={styles.bar} aria-hidden>
      <div className={styles.barTrack}>
        <div className={styles.barSeen} style={{ width: share(seen) }} />
        <div className={styles.barLimit} style={{ left: share(limit) }} />
      </div>
      <span className={styles.barLabel} style={{ left: share(limit) }}>
        {number.format(limit)}
      </span>
    </div>
  );
}
