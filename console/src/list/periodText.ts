import { type Clock, formatDateMinute, zoneName } from "../time/format";
import { type Bounds, formatPeriod } from "../time/period";
import type { Words } from "../words/words";

/** A period in words with its zone, an open one too: which rows there may be is never left to guess. */
export function periodText(bounds: Bounds, clock: Clock, { t }: Words): string {
  const { from, to } = bounds;
  if (from === null && to === null) {
    return t("time.all_time");
  }
  const open =
    from === null
      ? t("list.until", { time: formatDateMinute(to ?? 0, clock) })
      : t("list.since", { time: formatDateMinute(from, clock) });
  const period = formatPeriod(bounds, clock) ?? open;
  return t("list.period_in_zone", { period, zone: zoneName(clock.zone, new Date()) });
}
