import { sparkPath } from "./line.ts";
import styles from "./Sparkline.module.css";

interface SparklineProps {
  values: readonly number[];
  /** What the line shows, in words: it is all that a reader without sight gets of it. */
  label: string;
  width?: number;
  height?: number;
}

/** The shape of a few numbers, beside the number that matters. */
export function Sparkline({ values, label, width = 72, height = 20 }: SparklineProps) {
  return (
    <svg className={styles.sparkline} width={width} height={height} role="img" aria-label={label}>
      <path d={sparkPath(values, width, height)} />
    </svg>
  );
}
