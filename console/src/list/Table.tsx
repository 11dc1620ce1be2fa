import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { useShortcut } from "../keys/useShortcut";
import { useWords } from "../words/words";
import type { Column } from "../fields/list";
import { HeadRow } from "./HeadRow";
import { Row } from "./Row";
import type { Rows } from "./rows";
import { useNarrow } from "./useNarrow";
import { useRowHeight } from "./useRowHeight";
import styles from "./Table.module.css";

export interface TableProps<T> {
  label: string;
  rows: Rows<T>;
  columns: readonly Column<T>[];
  /** Ends of the table tell how many rows there are, once that is known. */
  rowId: (row: T) => string;
  rowName: (row: T) => string;
  /** The row whose details are open. */
  open?: string | undefined;
  hrefOf: (row: T) => string;
  onOpen?: ((row: T, index: number) => void) | undefined;
  onMenu?: ((row: T, button: Element) => void) | undefined;
  order?: "asc" | "desc" | undefined;
  onOrder?: (() => void) | undefined;
  dimmed: boolean;
  /** The row after which others may still come, with what is said there. */
  note?: { before: number; text: string } | undefined;
  foot: ReactNode;
  onAtTop: (atTop: boolean) => void;
}

/** Rows by the hundred thousand: only those in sight are in the page. A table for readers, not a grid: it is read, not edited. */
export function Table<T>(props: TableProps<T>) {
  const { label, rows, columns, rowId, open, dimmed, note, foot, onAtTop, onOpen } = props;
  const { t } = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const height = useRowHeight(narrow);
  const virtual = useVirtualizer({
    count: rows.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
    scrollPaddingStart: narrow ? 0 : 32,
    scrollPaddingEnd: 8,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => rows.want(first, last), [rows, first, last]);
  const active = useRef(-1);
  const { template, least } = useMemo(
    () => ({
      template: [...columns.map(({ width }) => width), "24px"].join(" "),
      least: columns.reduce((sum, column) => sum + column.least + 12, 24 + 36),
    }),
    [columns],
  );

  const focusRow = (index: number) => {
    if (index < 0 || index >= rows.count) {
      return;
    }
    active.current = index;
    virtual.scrollToIndex(index, { align: "auto" });
    const row = rows.row(index);
    if (open !== undefined && row !== undefined) {
      onOpen?.(row, index);
    }
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] [data-open-row]`)?.focus();
    });
  };
  const from = () => {
    const at = open === undefined ? -1 : rows.indexOf((row) => rowId(row) === open);
    return at >= 0 ? at : active.current;
  };
  useShortcut("nextRow", () => focusRow(from() + 1));
  useShortcut("openRow", () => {
    const row = rows.row(active.current);
    return row === undefined ? false : onOpen?.(row, active.current);
  });
  useShortcut("previousRow", () => focusRow(Math.max(from() - 1, 0)));

  return (
    <div
      className={styles.scroller}
      ref={scroller}
      onScroll={({ currentTarget }) => onAtTop(currentTarget.scrollTop < 4)}
      data-dimmed={dimmed || undefined}
    >
      {/* Arrows move among the rows' links; j and k do so from everywhere. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        role="table"
        aria-label={label}
        aria-rowcount={rows.ended ? rows.count + 1 : -1}
        aria-busy={dimmed}
        className={`${styles.table} ${narrow ? styles.narrow : ""}`}
        style={narrow ? {} : { minWidth: least }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0 && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            focusRow(active.current + step);
          }
        }}
      >
        <HeadRow {...props} template={template} narrow={narrow} />
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => (
            <Row
              key={item.key}
              {...props}
              row={rows.row(item.index)}
              index={item.index}
              top={item.start}
              height={item.size}
              template={template}
              narrow={narrow}
              note={note?.before === item.index ? note.text : undefined}
              onFocus={() => {
                active.current = item.index;
              }}
              loading={t("common.loading")}
            />
          ))}
        </div>
      </div>
      {foot}
    </div>
  );
}
