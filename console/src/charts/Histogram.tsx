import { useId, useMemo, useRef, useState } from "react";
import { FormattedMessage, useIntl } from "react-intl";
import { type Bucket, CLASSES, layoutHistogram, type Range, spanOf, sumOf } from "./bars.ts";
import { HistogramTable } from "./HistogramTable.tsx";
import { formatSpan } from "./span.ts";
import { type Interval, ticksOf } from "./ticks.ts";
import { useBrush } from "./useBrush.ts";
import { useWidth } from "./useWidth.ts";
import styles from "./Histogram.module.css";

const HEIGHT = 64;
const LABEL = 64;

export interface HistogramProps {
  buckets: readonly Bucket[];
  interval: Interval;
  /** Whether the counts are all, or at least so many. */
  exact?: boolean;
  locale: string;
  zone: string;
  /** Narrows to a stretch; `to` is the first instant outside. */
  onSelect: (from: string, to: string) => void;
}

/** Events over time, by class: a picture whose bars are buttons, a sentence for those who don't see it, and a table. */
export function Histogram({ buckets, interval, exact = true, locale, zone, onSelect }: HistogramProps) {
  const intl = useIntl();
  const tableId = useId();
  const plot = useRef<HTMLDivElement>(null);
  const width = useWidth(plot);
  const [hover, setHover] = useState<number | null>(null);
  const [open, setOpen] = useState(false);
  const clock = useMemo(() => ({ locale, zone }), [locale, zone]);
  const layout = useMemo(() => layoutHistogram(buckets, width, HEIGHT), [buckets, width]);
  const ticks = useMemo(
    () =>
      ticksOf(
        buckets.map((bucket) => bucket.from),
        interval,
        clock,
        width / LABEL,
      ),
    [buckets, interval, clock, width],
  );
  const choose = (range: Range) => {
    const span = spanOf(buckets, range);
    if (span) {
      onSelect(span.from, span.to);
    }
  };
  const focusBar = (index: number) => {
    plot.current?.querySelector<HTMLElement>(`[data-bar="${index}"]`)?.focus();
  };
  const brush = useBrush(buckets.length, choose, focusBar);
  const whole = sumOf(buckets, { first: 0, last: buckets.length });
  const read = (range: Range) => {
    const span = spanOf(buckets, range);
    return intl.formatMessage(
      { id: "charts.reading" },
      { ...sumOf(buckets, range), span: span ? formatSpan(span, interval, clock) : "", exact: String(exact) },
    );
  };
  const pointed = brush.range ?? (hover === null ? null : { first: hover, last: hover });
  const shown = pointed ? read(pointed) : null;
  return (
    <figure className={styles.figure}>
      <figcaption className="hidden-visually">
        <FormattedMessage id="charts.sentence" values={{ ...whole, exact: String(exact), buckets: buckets.length }} />{" "}
        <FormattedMessage id="charts.keys" />
      </figcaption>
      <div className={styles.head}>
        <ul className={styles.legend}>
          {CLASSES.filter((name) => whole[name] > 0).map((name) => (
            <li key={name} className={styles.key}>
              <span className={`${styles.swatch} ${styles[name]}`} />
              <FormattedMessage id={`charts.${name}`} />
              <span className={styles.count}>{intl.formatNumber(whole[name])}</span>
            </li>
          ))}
        </ul>
        <p className={styles.reading} aria-live={brush.range ? "polite" : "off"}>
          {shown}
        </p>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={open}
          aria-controls={tableId}
          onClick={() => setOpen(!open)}
        >
          <FormattedMessage id={open ? "charts.hide_table" : "charts.show_table"} />
        </button>
      </div>
      <div ref={plot} className={styles.plot}>
        <svg className={styles.svg} width={width} height={HEIGHT} aria-hidden="true">
          {layout.marks.map((mark) => (
            <line key={mark.value} className={styles.grid} x1={0} x2={width} y1={mark.y} y2={mark.y} />
          ))}
          {brush.range ? (
            <rect
              className={styles.brush}
              x={brush.range.first * layout.step}
              width={(brush.range.last - brush.range.first + 1) * layout.step}
              y={0}
              height={HEIGHT}
            />
          ) : null}
          {layout.bars.flatMap((bar) =>
            bar.segments.map((part) => (
              <rect
                key={`${bar.index} ${part.class}`}
                className={styles[part.class]}
                x={bar.x}
                width={bar.width}
                y={part.y}
                height={part.height}
              />
            )),
          )}
        </svg>
        <div
          className={styles.bars}
          onPointerDown={brush.onPointerDown}
          onPointerMove={brush.onPointerMove}
          onPointerUp={brush.onPointerUp}
          onPointerCancel={brush.onPointerCancel}
          onPointerLeave={() => setHover(null)}
        >
          {layout.bars.map((bar) => (
            <button
              type="button"
              key={bar.index}
              className={styles.bar}
              data-bar={bar.index}
              tabIndex={bar.index === brush.cursor ? 0 : -1}
              aria-label={read({ first: bar.index, last: bar.index })}
              onFocus={() => {
                brush.setCursor(bar.index);
                setHover(bar.index);
              }}
              onBlur={() => setHover(null)}
              onKeyDown={brush.onKeyDown}
              onPointerEnter={() => setHover(bar.index)}
            />
          ))}
        </div>
        <svg className={styles.axis} width={width} height={20} aria-hidden="true">
          {ticks.map((tick) => (
            <g key={tick.index} transform={`translate(${tick.index * layout.step} 0)`}>
              <line className={styles.tick} x1={0.5} x2={0.5} y1={0} y2={4} />
              {/* A label that would run past the edge is left out; its mark stays. */}
              {tick.index * layout.step > width - 8 ? null : (
                <text className={tick.day ? styles.day : styles.hour} x={4} y={14}>
                  {tick.label}
                </text>
              )}
            </g>
          ))}
        </svg>
        {layout.marks
          .filter((mark) => mark.value > 0)
          .map((mark) => (
            <span key={mark.value} className={styles.value} style={{ top: mark.y }} aria-hidden="true">
              {intl.formatNumber(mark.value, { notation: "compact" })}
            </span>
          ))}
      </div>
      <div id={tableId} hidden={!open}>
        {open ? <HistogramTable buckets={buckets} interval={interval} clock={clock} onSelect={onSelect} /> : null}
      </div>
    </figure>
  );
}
