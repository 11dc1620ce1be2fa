import { useCallback } from "react";
import { read } from "../../data/client";
import { type Page, pageSize, type ReadPage } from "../../data/pages";

/** Reads the pages of a list by its path. */
export function useReadPage<T, P extends Page<T>>(path: string): (query: Record<string, string>) => ReadPage<T, P> {
  return useCallback(
    (query) => async (cursor, signal) =>
      read<P>(path, { ...query, limit: String(pageSize), ...(cursor === undefined ? {} : { cursor }) }, signal),
    [path],
  );
}
