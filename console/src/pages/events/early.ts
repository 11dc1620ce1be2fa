import { parseSearch } from "../../address";
import { readEarly } from "../../data/client";
import { mayBeEarly } from "../../data/early";
import { pageSize } from "../../data/pages";
import { eventFilters } from "../../fields/eventFilters";
import { parseFilter } from "../../list/filter";

/** Most begin with the log, whose filter is all in the address: its rows are asked for beside who asks. */
export function beginLog({ pathname, search }: { pathname: string; search: string }): void {
  const home = pathname === "/";
  if ((home || pathname === "/events") && mayBeEarly()) {
    const filter = home ? { period: "last_30_days" } : parseFilter(parseSearch(search), eventFilters).filter;
    readEarly("/v1/events", { ...filter, limit: String(pageSize) });
  }
}
