/**
 * Times as people read them. Every function takes the reader's language and the zone in which the time is shown; none
 * reads the browser's own zone, and none decides where a day begins: the server does.
 */

/** Who reads, and by which clock. */
export interface Clock {
  /** A language of the console, or a tag of BCP 47. */
  locale: string;
  /** An IANA zone, such as `Europe/Prague`. */
  zone: string;
}

/** An instant as the API writes it, or as a program has it. */
export type Instant = string | number | Date;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** English is shown with the day first and 24 hours: the same order in all three languages, and no 03/04. */
function tag(locale: string): string {
  return locale === "en" ? "en-GB" : locale;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** A format is costly to make and asked for by each cell of a table, so each is made once. */
function formatOf(clock: Clock, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${clock.locale}|${clock.zone}|${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(tag(clock.locale), { ...options, timeZone: clock.zone, hourCycle: "h23" });
    formats.set(key, format);
  }
  return format;
}

const DATE: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "2-digit" };
const MINUTES: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const SECONDS: Intl.DateTimeFormatOptions = { ...MINUTES, second: "2-digit" };

/** The date and the time to the second: `13 Nov 2026, 14:02:44`. */
export function formatDateTime(instant: Instant, clock: Clock): string {
  return formatOf(clock, { ...DATE, ...SECONDS }).format(new Date(instant));
}

/** The date and the time to the minute. */
export function formatDateMinute(instant: Instant, clock: Clock): string {
  return formatOf(clock, { ...DATE, ...MINUTES }).format(new Date(instant));
}

/** The date and the time in digits, as wide as any other: what a column of a table has room for. */
export function formatInColumn(instant: Instant, clock: Clock): string {
  return formatOf(clock, { year: "numeric", month: "2-digit", day: "2-digit", ...SECONDS })
    .format(new Date(instant))
    .replace(",", "");
}

/** The date alone: `13 Nov 2026`. */
export function formatDate(instant: Instant, clock: Clock): string {
  return formatOf(clock, DATE).format(new Date(instant));
}

/** The day without its year, as an axis has room for: `13 Nov`. */
export function formatDay(instant: Instant, clock: Clock): string {
  return formatOf(clock, { month: "short", day: "numeric" }).format(new Date(instant));
}

/** The month with its year: `Nov 2026`. */
export function formatMonth(instant: Instant, clock: Clock): string {
  return formatOf(clock, { month: "short", year: "numeric" }).format(new Date(instant));
}

/** The time alone, to the second unless less is asked for: `14:02:44`. */
export function formatTime(instant: Instant, clock: Clock, precision: "minute" | "second" = "second"): string {
  return formatOf(clock, precision === "minute" ? MINUTES : SECONDS).format(new Date(instant));
}

/** Symbols of units, which languages write as they are, without plurals. */
const UNITS: Record<string, readonly [day: string, hour: string, minute: string, second: string]> = {
  en: ["d", "h", "min", "s"],
  ru: ["д", "ч", "мин", "с"],
  cs: ["d", "h", "min", "s"],
};
const ENGLISH = ["d", "h", "min", "s"] as const;

/**
 * A length of time by its two largest units: `3 h 12 min`. Below a minute it is seconds; the rest is cut, not rounded, so
 * that a call of 59 minutes and 59 seconds is never shown as an hour. `exact` shows every unit down to the second.
 */
export function formatDuration(ms: number, locale: string, exact = false): string {
  const [day, hour, minute, second] = UNITS[locale.slice(0, 2)] ?? ENGLISH;
  const length = Math.max(0, Math.trunc(ms));
  const parts: readonly (readonly [value: number, unit: string])[] = [
    [Math.trunc(length / DAY), day],
    [Math.trunc(length / HOUR) % 24, hour],
    [Math.trunc(length / MINUTE) % 60, minute],
    [Math.trunc(length / 1000) % 60, second],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) {
    return `0 ${second}`;
  }
  // From an hour on nobody asks for seconds.
  const last = exact ? parts.length : first >= 2 ? parts.length : first + 2;
  const number = new Intl.NumberFormat(tag(locale));
  return parts
    .slice(first, last)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${number.format(value)}\u00a0${unit}`)
    .join(" ");
}

/**
 * How long ago, by elapsed time: `2 days ago`, never `yesterday`, since that would need to know where the day began.
 * Below a minute it is `now`.
 */
export function formatRelative(instant: Instant, now: Instant, locale: string): string {
  const elapsed = new Date(instant).getTime() - new Date(now).getTime();
  const size = Math.abs(elapsed);
  const format = new Intl.RelativeTimeFormat(tag(locale), { numeric: size < MINUTE ? "auto" : "always" });
  if (size < MINUTE) {
    return format.format(0, "second");
  }
  if (size < HOUR) {
    return format.format(Math.trunc(elapsed / MINUTE), "minute");
  }
  if (size < DAY) {
    return format.format(Math.trunc(elapsed / HOUR), "hour");
  }
  if (size < 30 * DAY) {
    return format.format(Math.trunc(elapsed / DAY), "day");
  }
  if (size < 365 * DAY) {
    return format.format(Math.trunc(elapsed / (30 * DAY)), "month");
  }
  return format.format(Math.trunc(elapsed / (365 * DAY)), "year");
}

/** How far a zone is from UTC at an instant: `UTC+5:30`. */
export function zoneOffset(zone: string, at: Instant): string {
  const parts = formatOf({ locale: "en", zone }, { timeZoneName: "shortOffset" }).formatToParts(new Date(at));
  const offset = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return offset.replace("GMT", "UTC");
}

/** A zone by its name and its distance from UTC at an instant: `Europe/Prague, UTC+1`. */
export function zoneName(zone: string, at: Instant): string {
  const offset = zoneOffset(zone, at);
  return zone === "UTC" || zone === "Etc/UTC" ? "UTC" : `${zone.replaceAll("_", " ")}, ${offset}`;
}

/** A time as it is in several zones, each with its offset, the same zone once: what a time's hover shows. */
export function formatInZones(instant: Instant, locale: string, zones: readonly string[]): string[] {
  return [...new Set(zones)].map((zone) => `${formatDateTime(instant, { locale, zone })} (${zoneName(zone, instant)})`);
}

/** A number with the language's own separators. */
export function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(tag(locale), { maximumFractionDigits: 1 }).format(value);
}
