import { Ellipsis } from "lucide-react";
import { type MouseEvent, type ReactNode, useMemo } from "react";
import { useWords } from "../words/words";
import type { Column } from "../fields/list";
import styles from "./Table.module.css";

interface RowProps<T> {
  row: T | undefined;
  index: number;
  top: number;
  height: number;
  template: string;
  narrow: boolean;
  columns: readonly Column<T>[];
  rowId: (row: T) => string;
  rowName: (row: T) => string;
  open?: string | undefined;
  hrefOf: (row: T) => string;
  onOpen?: ((row: T, index: number) => void) | undefined;
  onMenu?: ((row: T, button: Element) => void) | undefined;
  note?: string | undefined;
  onFocus: () => void;
  loading: string;
}

/** A click anywhere opens the row, but not on what has an own purpose, nor after marking text. */
function isOwn(event: MouseEvent): boolean {
  const target = event.target;
  return (
    (target instanceof Element && target.closest("a,button,input,label") !== null) ||
    (window.getSelection()?.toString() ?? "") !== ""
  );
}

function Cells<T>({ row, columns, narrow }: { row: T; columns: readonly Column<T>[]; narrow: boolean }): ReactNode {
  return columns.map(({ id, cell, narrow: place, end }) => (
    <div
      key={id}
      role="cell"
      data-place={place}
      className={`${styles.cell} ${end === true ? styles.end : ""} ${narrow && place === undefined ? styles.gone : ""}`}
    >
      {cell(row)}
    </div>
  ));
}

/** One row. */
export function Row<T>(props: RowProps<T>) {
  const { row, index, top, height, template, narrow, columns, rowId, rowName, open, hrefOf, onOpen, onMenu, note } =
    props;
  const { t } = useWords();
  // Scrolling moves rows and changes nothing in them: the same cells are drawn once.
  const cells = useMemo(
    () => (row === undefined ? null : <Cells row={row} columns={columns} narrow={narrow} />),
    [row, columns, narrow],
  );
  const place = {
    transform: `translateY(${top}px)`,
    height,
    ...(narrow ? {} : { gridTemplateColumns: template }),
  };
  if (row === undefined) {
    return (
      <div role="row" aria-rowindex={index + 2} className={styles.row} style={place} data-index={index}>
        <div role="cell" className={styles.cell}>
          <span className={styles.blank} />
          <span className="hidden-visually">{props.loading}</span>
        </div>
      </div>
    );
  }
  const selected = open !== undefined && rowId(row) === open;
  return (
    // For the mouse the whole row is its link; the keyboard has the link itself.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      aria-rowindex={index + 2}
      className={styles.row}
      data-open={selected || undefined}
      data-index={index}
      style={place}
      onClick={(event) => {
        if (!isOwn(event)) {
          onOpen?.(row, index);
        }
      }}
      onFocus={props.onFocus}
      data-note={note}
    >
      {cells}
      <div role="cell" className={styles.tools}>
        <a
          href={hrefOf(row)}
          className={styles.opener}
          data-open-row
          aria-label={rowName(row)}
          onClick={(event) => {
            // With a key held, it is a link like any other: a new tab has the row's own page.
            if (onOpen !== undefined && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
              event.preventDefault();
              onOpen(row, index);
            }
          }}
        />
        {onMenu === undefined ? null : (
          <button
            type="button"
            className={styles.menu}
            aria-haspopup="menu"
            aria-label={`${t("common.more")}: ${rowName(row)}`}
            onClick={(event) => onMenu(row, event.currentTarget)}
          >
            <Ellipsis size={16} aria-hidden />
          </button>
        )}
      </div>
    </div>
  );
}
