import styles from "./Skeleton.module.css";

/** Where something will stand: the same height as it, so nothing jumps; invisible for 150 ms, so what is quick does not blink. */
export function Skeleton({ rows = 1, label, page = false }: { rows?: number; label: string; page?: boolean }) {
  return (
    <div className={styles.skeleton} data-page={page || undefined} role="status">
      <span className="hidden-visually">{label}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.row} aria-hidden>
          <span className={styles.bar} style={{ width: `${38 + ((index * 37) % 45)}%` }} />
        </div>
      ))}
    </div>
  );
}
