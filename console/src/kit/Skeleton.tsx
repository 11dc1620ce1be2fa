import styles from "./Skeleton.module.css";

/** Where something will stand: the same height as it, so nothing jumps; invisible for 150 ms, so what is quick does not blink. */
export function Skeleton({ rows = 1, label }: { rows?: number; label: string }) {
  return (
    <div className={styles.skeleton} role="status">
      <span className="hidden-visually">{label}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.row} aria-hidden>
          <span className={styles.bar} style={{ width: `${38 + ((index * 37) % 45)}%` }} />
        </div>
      ))}
    </div>
  );
}
