/** Periods: the server's names for them, and their words. What they come to is the server's to say. */
import { type Clock } from "./format.ts";

/** The named periods of the API, in the order of the menu. */
export const PRESETS = [
  "today",
  "yesterday",
  "this_week",
  "this_month",
  "last_week",
  "last_month",
  "last_30_days",
  "last_90_days",
] as const;

/** A named period. */
export type Preset = (typeof PRESETS)[number];

/** Whether a word of the URL is a named period. */
export function isPreset(value: unknown): value is Preset {
  return PRESETS.some((preset) => preset === value);
}

/** The key of the words for a period: a preset's own, or that of the reader's own dates. */
export function periodWords(period: string | undefined): string {
  return `time.${isPreset(period) ? period : period === undefined ? "all_time" : "custom"}`;
}

/** The next wider named periods, which an empty answer offers. */
const WIDER: Record<Preset, Preset | undefined> = {
  today: "this_week",
  yesterday: "last_week",
  this_week: "last_30_days",
  last_week: "last_30_days",
  this_month: "last_30_days",
  last_month: "last_90_days",
  last_30_days: "last_90_days",
  last_90_days: undefined,
};

/** The named period that holds more than this one, if there is one. */
export function widerPeriod(period: string | undefined): Preset | undefined {
  return isPreset(period) ? WIDER[period] : undefined;
}

/** The bounds of a period as the API answers them: `to` is the first instant outside. */
export interface Bounds {
  from: string | null;
  to: string | null;
}

function atMidnight(instant: string, zone: string): boolean {
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(new Date(instant));
  return time === "00:00:00" && new Date(instant).getUTCMilliseconds() === 0;
}

/** The first instant of a local day need not be midnight: clocks may skip it. Then the day before is another day. */
function beginsDay(instant: string, zone: string): boolean {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
  const at = new Date(instant);
  return atMidnight(instant, zone) || day.format(at) !== day.format(new Date(at.getTime() - 1));
}

/**
 * A period in words: whole days by their dates, `1–13 November 2026`, anything else with its times. Null where it has no
 * bounds.
 */
export function formatPeriod(bounds: Bounds, clock: Clock): string | null {
  const { from, to } = bounds;
  if (from === null || to === null) {
    return null;
  }
  const locale = clock.locale === "en" ? "en-GB" : clock.locale;
  const begin = new Date(from);
  const end = new Date(new Date(to).getTime() - 1);
  if (end < begin) {
    return null;
  }
  const whole = beginsDay(from, clock.zone) && beginsDay(to, clock.zone);
  const format = new Intl.DateTimeFormat(locale, {
    timeZone: clock.zone,
    year: "numeric",
    month: "long",
    day: "numeric",
    ...(whole ? {} : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  });
  return format.formatRange(begin, whole ? end : new Date(to)).replaceAll("\u2009", "");
}
