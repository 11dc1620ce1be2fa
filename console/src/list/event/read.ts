import { read } from "../../data/client";
import { pageSize, type ReadPage } from "../../data/pages";
import type { Event } from "../../data/schema";
import type { ListPage } from "../ListFrame";

/** Pages of any list of events; the cursor is bound to the filter and the period of the first. */
export function readEvents(path: string): (query: Record<string, string>) => ReadPage<Event, ListPage<Event>> {
  return (query) => (cursor, signal) =>
    read<ListPage<Event>>(
      path,
      { ...query, limit: String(pageSize), ...(cursor === undefined ? {} : { cursor }) },
      signal,
    );
}
