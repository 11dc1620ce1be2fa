import { useCallback, useEffect, useRef, useState } from "react";
import { noteFresh } from "../data/fresh";
import type { Page } from "../data/pages";
import { isAbort } from "../data/problem";

/** Somebody who follows shares the tenant's queries with everybody else, so it slows down when nothing comes. */
const quick = 2000;
const slow = 10_000;
const idleAfter = 10 * 60_000;
/** More than this at once is a list to be read anew. */
const most = 1000;

export interface Followed<T> {
  isOn: boolean;
  toggle: () => void;
  /** Rows that came since, the latest first, as far as they are shown. */
  shown: readonly T[];
  /** Rows that came and wait until they are looked at. */
  waiting: number;
  /** Shows what waits. */
  show: () => void;
}

interface FollowPage<T> extends Page<T> {
  follow_cursor?: string | null;
}

interface Options<T> {
  /** Of the first page; where there is none, there is nothing to follow. */
  cursor: string | null | undefined;
  read: (cursor: string, signal: AbortSignal) => Promise<FollowPage<T>>;
  /** While the top of the list is in sight, rows are shown as they come; else they wait, and nothing jumps. */
  atTop: boolean;
  onRows: (count: number) => void;
}

/** Follows the log. It stops while the page is hidden: nobody looks. */
export function useFollow<T>({ cursor, read, atTop, onRows }: Options<T>): Followed<T> {
  const [isOn, setOn] = useState(false);
  const [rows, setRows] = useState<{ of: string | null | undefined; shown: T[]; waiting: T[] }>({
    of: cursor,
    shown: [],
    waiting: [],
  });
  const latest = useRef({ read, atTop, onRows });
  useEffect(() => {
    latest.current = { read, atTop, onRows };
  });
  const take = useCallback(
    (came: T[], of: string) => {
      setRows((before) => {
        const same = before.of === of ? before : { of, shown: [], waiting: [] };
        const all = [...came.toReversed(), ...same.waiting].slice(0, most);
        return latest.current.atTop
          ? { of, shown: [...all, ...same.shown].slice(0, most), waiting: [] }
          : { ...same, waiting: all };
      });
      latest.current.onRows(came.length);
    },
    [latest],
  );
  useEffect(() => {
    if (!isOn || cursor === null || cursor === undefined) {
      return undefined;
    }
    const abort = new AbortController();
    let at = cursor;
    let lastCame = Date.now();
    let timer: ReturnType<typeof setTimeout>;
    const poll = async () => {
      if (document.visibilityState === "visible") {
        try {
          const page = await latest.current.read(at, abort.signal);
          noteFresh(page.complete_until);
          at = page.follow_cursor ?? page.next_cursor ?? at;
          if (page.data.length > 0) {
            lastCame = Date.now();
            take(page.data, cursor);
          }
        } catch (error) {
          if (isAbort(error)) {
            return;
          }
          setOn(false);
        }
      }
      if (!abort.signal.aborted) {
        timer = setTimeout(() => void poll(), Date.now() - lastCame > idleAfter ? slow : quick);
      }
    };
    void poll();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [isOn, cursor, take]);
  const current = rows.of === cursor ? rows : { shown: [], waiting: [] };
  return {
    isOn,
    toggle: () => setOn(!isOn),
    shown: current.shown,
    waiting: current.waiting.length,
    show: () => setRows({ of: cursor, shown: [...current.waiting, ...current.shown].slice(0, most), waiting: [] }),
  };
}
