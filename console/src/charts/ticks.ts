/** Which buckets of a time axis are labelled, and how. */
import { type Clock, formatDay, formatMonth, formatTime, type Instant } from "../time/format.ts";
import { stride } from "./scale.ts";

/** Length of a bucket, as the API names it. */
export type Interval = "minute" | "hour" | "day" | "week" | "month";

/** A label below a bucket. */
export interface Tick {
  index: number;
  label: string;
  /** Begins a day: its label is a date. */
  day: boolean;
}

const MINUTE = 60_000;

/** Minutes since local midnight, by the clock on the wall. */
function minuteOfDay(instant: Instant, zone: string): number {
  const [hour, minute] = formatTime(instant, { locale: "en", zone }, "minute").split(":").map(Number);
  return (hour ?? 0) * 60 + (minute ?? 0);
}

/**
 * Ticks for the beginnings of buckets. Days are labelled by date; hours and minutes by their time, and by the date where a
 * day begins. Round times win: with room for a label every five hours it is every six, from midnight.
 */
export function ticksOf(froms: readonly string[], interval: Interval, clock: Clock, room: number): Tick[] {
  const most = Math.max(1, Math.floor(room));
  if (interval !== "hour" && interval !== "minute") {
    const every = stride(froms.length, most);
    const format = interval === "month" ? formatMonth : formatDay;
    return froms
      .map((from, index) => ({ index, label: format(from, clock), day: true }))
      .filter(({ index }) => index % every === 0);
  }
  const every = roundMinutes(froms, most);
  return froms.flatMap((from, index): Tick[] => {
    const minute = minuteOfDay(from, clock.zone);
    if (every >= 1440 ? minute !== 0 || dayNumber(froms, index) % (every / 1440) !== 0 : minute % every !== 0) {
      return [];
    }
    const day = minute === 0;
    return [{ index, label: day ? formatDay(from, clock) : formatTime(from, clock, "minute"), day }];
  });
}

/** Days since the first bucket, by length: enough to leave out every other date. */
function dayNumber(froms: readonly string[], index: number): number {
  const first = new Date(froms[0] ?? 0).getTime();
  return Math.round((new Date(froms[index] ?? 0).getTime() - first) / (1440 * MINUTE));
}

const ROUND = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320, 7200, 10_080, 20_160, 43_200];

function roundMinutes(froms: readonly string[], most: number): number {
  const first = new Date(froms[0] ?? 0).getTime();
  const last = new Date(froms.at(-1) ?? 0).getTime();
  const minutes = (last - first) / MINUTE;
  return ROUND.find((round) => minutes / round <= most) ?? 43_200;
}
