import { describe, expect, it } from "vitest";
import { formatPeriod, isPreset, periodWords, PRESETS, widerPeriod } from "./period.ts";

const plain = (text: string | null) => text?.replace(/[\u00a0\u202f\u2009]/g, " ");

describe("named periods", () => {
  it("have words, as do the reader's own dates and no bounds at all", () => {
    expect(periodWords("this_week")).toBe("time.this_week");
    expect(periodWords("custom")).toBe("time.custom");
    expect(periodWords("foo")).toBe("time.custom");
    expect(periodWords(undefined)).toBe("time.all_time");
  });

  it("are told from other words", () => {
    expect(PRESETS.every(isPreset)).toBe(true);
    expect(isPreset("custom")).toBe(false);
    expect(isPreset(7)).toBe(false);
  });

  it("widen step by step, and end", () => {
    for (const preset of PRESETS) {
      let period: string | undefined = preset;
      let steps = 0;
      while (period !== undefined && steps < 9) {
        period = widerPeriod(period);
        steps += 1;
      }
      expect(steps).toBeLessThan(9);
    }
    expect(widerPeriod("custom")).toBeUndefined();
  });
});

describe("bounds in words", () => {
  const prague = { locale: "en", zone: "Europe/Prague" };

  it("are dates where they are whole local days, the last one inside", () => {
    const november = { from: "2026-10-31T23:00:00Z", to: "2026-11-13T23:00:00Z" };
    expect(plain(formatPeriod(november, prague))).toBe("1–13 November 2026");
    expect(plain(formatPeriod(november, { ...prague, locale: "ru" }))).toBe("1–13 ноября 2026 г.");
    expect(plain(formatPeriod(november, { ...prague, locale: "cs" }))).toBe("1.–13. 11. 2026");
    const day = { from: "2026-11-12T23:00:00Z", to: "2026-11-13T23:00:00Z" };
    expect(plain(formatPeriod(day, prague))).toBe("13 November 2026");
  });

  it("are whole days over a change of the clocks", () => {
    const spring = { from: "2026-03-28T23:00:00Z", to: "2026-03-29T22:00:00Z" };
    expect(plain(formatPeriod(spring, prague))).toBe("29 March 2026");
    // Cairo skips midnight on 24 April 2026: the day begins at one.
    const cairo = { from: "2026-04-23T22:00:00Z", to: "2026-04-24T21:00:00Z" };
    expect(plain(formatPeriod(cairo, { locale: "en", zone: "Africa/Cairo" }))).toBe("24 April 2026");
  });

  it("have times where they are not, in zones off the hour too", () => {
    const hours = { from: "2026-11-13T07:30:00Z", to: "2026-11-13T09:30:00Z" };
    const text = plain(formatPeriod(hours, { locale: "en", zone: "Asia/Kolkata" }));
    expect(text).toContain("13 November 2026");
    expect(text).toContain("13:00");
    expect(text).toContain("15:00");
  });

  it("are not made up", () => {
    expect(formatPeriod({ from: null, to: null }, prague)).toBeNull();
    expect(formatPeriod({ from: "2026-11-13T00:00:00Z", to: "2026-11-13T00:00:00Z" }, prague)).toBeNull();
  });
});
