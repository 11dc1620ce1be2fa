import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { noteFresh } from "../data/fresh";
import { type Page, PageWindow, type ReadPage } from "../data/pages";

export interface Pages<T, P extends Page<T>> {
  /** The rows that are shown: those of the filter before, while the new ones load. */
  window: PageWindow<T, P> | undefined;
  loading: boolean;
  error: unknown;
  reload: () => void;
  /** Ends the query that runs; the rows before stay. */
  cancel: () => void;
}

interface State<T, P extends Page<T>> {
  /** What the state is about; until the effect has run it is about the filter before. */
  of?: string;
  window?: PageWindow<T, P>;
  loading: boolean;
  error?: unknown;
}

/** The rows of a list, read anew when `key` changes and never otherwise. */
export function usePages<T, P extends Page<T>>(key: string, read: ReadPage<T, P>): Pages<T, P> {
  const [state, setState] = useState<State<T, P>>({ loading: true });
  const [attempt, setAttempt] = useState(0);
  const [current, setCurrent] = useState<PageWindow<T, P>>();
  useEffect(() => {
    const next = new PageWindow<T, P>(read);
    setCurrent(next);
    setState((before) => ({ ...before, of: key, loading: true, error: undefined }));
    next.start().then(
      () => {
        if (next.first !== undefined) {
          noteFresh(next.first.complete_until);
          setState({ of: key, window: next, loading: false });
        }
      },
      (error: unknown) => setState({ of: key, loading: false, error }),
    );
    return () => next.stop();
    // `read` is made of what `key` says.
    // oxlint-disable-next-line exhaustive-deps
  }, [key, attempt]);
  const { window } = state;
  useSyncExternalStore(
    useCallback((listener) => window?.subscribe(listener) ?? (() => {}), [window]),
    () => window?.version,
  );
  return {
    window,
    loading: state.loading || state.of !== key,
    error: state.error,
    reload: () => setAttempt(attempt + 1),
    cancel: () => {
      current?.stop();
      setState((before) => ({ ...before, loading: false }));
    },
  };
}
