import { type Clock, formatDateMinute } from "../time/format";
import { type Bounds, formatPeriod } from "../time/period";
import type { Words } from "../words/words";

/** A period in words, an open one too: which rows there may be is never left to guess. */
export function periodText(bounds: Bounds, clock: Clock, { t }: Words): string {
  const { from, to } = bounds;
  const both = formatPeriod(bounds, clock);
  if (both !== null) {
    return both;
  }
  if (from !== null) {
    return t("list.since", { time: formatDateMinute(from, clock) });
  }
  return to === null ? t("time.all_time") : t("list.until", { time: formatDateMinute(to, clock) });
}
