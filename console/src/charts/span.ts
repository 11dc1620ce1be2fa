import { type Clock, formatDate, formatDateMinute, formatTime } from "../time/format.ts";
import { type Interval } from "./ticks.ts";

/** A stretch of buckets in words: dates for days, `13 Nov 2026, 14:00–15:00` for hours and minutes. */
export function formatSpan(span: { from: string; to: string }, interval: Interval, clock: Clock): string {
  const begin = formatDate(span.from, clock);
  if (interval !== "hour" && interval !== "minute") {
    const end = formatDate(new Date(new Date(span.to).getTime() - 1), clock);
    return begin === end ? begin : `${begin} – ${end}`;
  }
  // The end of a day is said as its 24:00, since 00:00 would be read as its beginning.
  const lastDay = formatDate(new Date(new Date(span.to).getTime() - 1), clock);
  const time = formatTime(span.to, clock, "minute");
  const end = time === "00:00" ? "24:00" : time;
  const from = formatDateMinute(span.from, clock);
  return begin === lastDay ? `${from}–${end}` : `${from} – ${lastDay}, ${end}`;
}
