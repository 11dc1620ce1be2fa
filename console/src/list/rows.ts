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

/** How far down it is looked for where the answer begins to be complete. */
const depth = 200;

/** The first row, from the newest, that is complete with all before it; nothing where all of them are. */
export function completeFrom<T>(
  rows: Rows<T>,
  at: (row: T) => string,
  until: string | null | undefined,
): number | undefined {
  if (until === null || until === undefined) {
    return undefined;
  }
  const time = Date.parse(until);
  for (let index = 0; index < Math.min(rows.count, depth); index += 1) {
    const row = rows.row(index);
    if (row !== undefined && Date.parse(at(row)) <= time) {
      return index === 0 ? undefined : index;
    }
  }
  return undefined;
}
