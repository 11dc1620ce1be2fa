import type { Page, PageWindow } from "../data/pages";

/** What a table shows: rows by their place, wherever they come from. */
export interface Rows<T> {
  count: number;
  ended: boolean;
  row: (index: number) => T | undefined;
  want: (from: number, to: number) => void;
  /** Among the rows that are held. */
  indexOf: (match: (row: T) => boolean) => number;
}

/** The pages of a list, after what was followed since. */
export function rowsOf<T, P extends Page<T>>(window: PageWindow<T, P>, before: readonly T[]): Rows<T> {
  const shift = before.length;
  return {
    count: window.count + shift,
    ended: window.ended,
    row: (index) => (index < shift ? before[index] : window.row(index - shift)),
    want: (from, to) => window.want(Math.max(from - shift, 0), Math.max(to - shift, 0)),
    indexOf: (match) => {
      const at = before.findIndex(match);
      if (at >= 0) {
        return at;
      }
      for (const [index, row] of window.held()) {
        if (match(row)) {
          return index + shift;
        }
      }
      return -1;
    },
  };
}
