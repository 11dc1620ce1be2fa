import { describe, expect, it } from "vitest";
import {
  formatDate,
  formatDateMinute,
  formatDateTime,
  formatDay,
  formatDuration,
  formatInColumn,
  formatInZones,
  formatNumber,
  formatRelative,
  formatTime,
  zoneName,
  zoneOffset,
} from "./format.ts";

const prague = { locale: "cs", zone: "Europe/Prague" };
const H = 3_600_000;

/** Intl writes no-break and narrow spaces, which a reader of this file can't see. */
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, " ");

describe("dates and times", () => {
  it("are in the reader's language and the zone that is asked for", () => {
    const at = "2026-11-13T13:02:44Z";
    expect(plain(formatDateTime(at, { locale: "en", zone: "Europe/Prague" }))).toBe("13 Nov 2026, 14:02:44");
    expect(plain(formatDateTime(at, { locale: "ru", zone: "Europe/Moscow" }))).toBe("13 нояб. 2026 г., 16:02:44");
    expect(plain(formatDateTime(at, prague))).toBe("13. 11. 2026 14:02:44");
    expect(plain(formatDateMinute(at, { locale: "en", zone: "UTC" }))).toBe("13 Nov 2026, 13:02");
    expect(plain(formatDate(at, { locale: "en", zone: "UTC" }))).toBe("13 Nov 2026");
    expect(plain(formatDay(at, { locale: "en", zone: "UTC" }))).toBe("13 Nov");
    expect(formatTime(at, prague)).toBe("14:02:44");
    expect(formatTime(at, prague, "minute")).toBe("14:02");
  });

  it("are as wide as each other in a column", () => {
    const at = "2026-11-03T09:02:44Z";
    expect(formatInColumn(at, { locale: "en", zone: "UTC" })).toBe("03/11/2026 09:02:44");
    expect(plain(formatInColumn(at, { locale: "ru", zone: "UTC" }))).toBe("03.11.2026 09:02:44");
    expect(plain(formatInColumn(at, { locale: "cs", zone: "UTC" }))).toBe("03. 11. 2026 09:02:44");
  });

  it("show midnight as 00, not 24", () => {
    for (const locale of ["en", "ru", "cs"]) {
      expect(formatTime("2026-11-13T23:00:00Z", { locale, zone: "Europe/Prague" })).toBe("00:00:00");
    }
  });

  it("follow the clocks when these change", () => {
    // 29 March 2026: 02:00 becomes 03:00.
    expect(formatTime("2026-03-29T00:59:59Z", prague)).toBe("01:59:59");
    expect(formatTime("2026-03-29T01:00:00Z", prague)).toBe("03:00:00");
    // 25 October 2026: 02:30 comes twice, and the offset says which.
    const [first, second] = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"];
    expect(formatTime(first, prague)).toBe(formatTime(second, prague));
    expect(zoneOffset("Europe/Prague", first)).toBe("UTC+2");
    expect(zoneOffset("Europe/Prague", second)).toBe("UTC+1");
  });

  it("know zones off the hour", () => {
    expect(formatTime("2026-11-13T13:00:00Z", { locale: "en", zone: "Asia/Kolkata" })).toBe("18:30:00");
    expect(zoneOffset("Asia/Kolkata", "2026-11-13T13:00:00Z")).toBe("UTC+5:30");
    expect(zoneOffset("Asia/Kathmandu", "2026-11-13T13:00:00Z")).toBe("UTC+5:45");
    expect(zoneOffset("America/St_Johns", "2026-07-01T00:00:00Z")).toBe("UTC-2:30");
    // Half an hour of summer time.
    expect(zoneOffset("Australia/Lord_Howe", "2026-07-01T00:00:00Z")).toBe("UTC+10:30");
    expect(zoneOffset("Australia/Lord_Howe", "2026-12-01T00:00:00Z")).toBe("UTC+11");
  });

  it("name zones for people", () => {
    expect(zoneName("Europe/Prague", "2026-11-13T00:00:00Z")).toBe("Europe/Prague, UTC+1");
    expect(zoneName("America/New_York", "2026-11-13T00:00:00Z")).toBe("America/New York, UTC-5");
    expect(zoneName("UTC", "2026-11-13T00:00:00Z")).toBe("UTC");
  });

  it("are shown once for each zone that differs", () => {
    const lines = formatInZones("2026-11-13T13:02:44Z", "en", ["Europe/Prague", "Asia/Kolkata", "UTC", "UTC"]);
    expect(lines.map(plain)).toEqual([
      "13 Nov 2026, 14:02:44 (Europe/Prague, UTC+1)",
      "13 Nov 2026, 18:32:44 (Asia/Kolkata, UTC+5:30)",
      "13 Nov 2026, 13:02:44 (UTC)",
    ]);
  });
});

describe("durations", () => {
  it("have their two largest units", () => {
    expect(plain(formatDuration(3 * H + 12 * 60_000, "en"))).toBe("3 h 12 min");
    expect(plain(formatDuration(3 * H + 12 * 60_000 + 59_999, "cs"))).toBe("3 h 12 min");
    expect(plain(formatDuration(3 * H + 12 * 60_000, "ru"))).toBe("3 ч 12 мин");
    expect(plain(formatDuration(25 * H, "ru"))).toBe("1 д 1 ч");
    expect(plain(formatDuration(75_000, "en"))).toBe("1 min 15 s");
    expect(plain(formatDuration(2 * H, "en"))).toBe("2 h");
  });

  it("are cut, never rounded up", () => {
    expect(plain(formatDuration(999, "en"))).toBe("0 s");
    expect(plain(formatDuration(59 * 60_000 + 59_999, "en"))).toBe("59 min 59 s");
    expect(plain(formatDuration(-5, "cs"))).toBe("0 s");
  });

  it("go down to the second where they are exact", () => {
    expect(plain(formatDuration(26 * H + 3_000, "en", true))).toBe("1 d 2 h 3 s");
  });
});

describe("relative times", () => {
  const now = "2026-11-13T12:00:00Z";
  it("count what has elapsed, in each language's plurals", () => {
    expect(formatRelative("2026-11-13T11:59:30Z", now, "en")).toBe("now");
    expect(formatRelative("2026-11-13T11:58:01Z", now, "en")).toBe("1 minute ago");
    expect(formatRelative("2026-11-13T09:00:00Z", now, "ru")).toBe("3 часа назад");
    expect(formatRelative("2026-11-13T07:00:00Z", now, "ru")).toBe("5 часов назад");
    expect(formatRelative("2026-11-11T12:00:00Z", now, "cs")).toBe("před 2 dny");
    expect(formatRelative("2026-08-13T12:00:00Z", now, "en")).toBe("3 months ago");
    expect(formatRelative("2024-08-13T12:00:00Z", now, "cs")).toBe("před 2 lety");
    expect(formatRelative("2026-11-15T12:00:00Z", now, "en")).toBe("in 2 days");
  });

  it("never say yesterday, which is the server's to decide", () => {
    expect(formatRelative("2026-11-12T06:00:00Z", now, "en")).toBe("1 day ago");
  });
});

describe("numbers", () => {
  it("have the language's separators", () => {
    expect(formatNumber(12045.5, "en")).toBe("12,045.5");
    expect(plain(formatNumber(12045.5, "ru"))).toBe("12 045,5");
    expect(plain(formatNumber(12045.5, "cs"))).toBe("12 045,5");
  });
});
