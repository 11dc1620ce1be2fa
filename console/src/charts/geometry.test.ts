import { describe, expect, it } from "vitest";
import { type Bucket, bucketAt, layoutHistogram, rangeOf, spanOf, sumOf } from "./bars.ts";
import { niceAxis, stride } from "./scale.ts";
import { sparkPath } from "./line.ts";
import { ticksOf } from "./ticks.ts";

const HOUR = 3_600_000;
const hours = (from: string, count: number, counts: Partial<Bucket> = {}): Bucket[] =>
  Array.from({ length: count }, (_, index) => ({
    from: new Date(new Date(from).getTime() + index * HOUR).toISOString(),
    to: new Date(new Date(from).getTime() + (index + 1) * HOUR).toISOString(),
    create: 0,
    change: 0,
    delete: 0,
    other: 0,
    ...counts,
  }));

describe("axes", () => {
  it("end at a round number that holds the largest", () => {
    expect(niceAxis(7, 2)).toEqual({ top: 10, marks: [0, 5, 10] });
    expect(niceAxis(1204, 2)).toEqual({ top: 2000, marks: [0, 1000, 2000] });
    expect(niceAxis(1, 2)).toEqual({ top: 1, marks: [0, 1] });
    expect(niceAxis(0)).toEqual({ top: 1, marks: [0] });
    for (const max of [1, 3, 17, 99, 100, 101, 123_456]) {
      const { top, marks } = niceAxis(max);
      expect(top).toBeGreaterThanOrEqual(max);
      expect(marks.every(Number.isInteger)).toBe(true);
      expect(marks.length).toBeLessThanOrEqual(6);
    }
  });

  it("leave out labels that have no room", () => {
    expect(stride(24, 8)).toBe(3);
    expect(stride(5, 8)).toBe(1);
    expect(stride(1000, 7)).toBe(192);
  });
});

describe("bars", () => {
  it("are stacked to the count, within the picture", () => {
    const buckets = hours("2026-11-13T00:00:00Z", 1, { create: 5, change: 3, delete: 1, other: 1 });
    const { bars, marks } = layoutHistogram(buckets, 100, 80);
    expect(bars[0]?.total).toBe(10);
    const segments = bars[0]?.segments ?? [];
    expect(segments.map((segment) => segment.class)).toEqual(["create", "change", "delete", "other"]);
    expect(segments.reduce((sum, segment) => sum + segment.height, 0)).toBeCloseTo(80);
    expect(segments.at(-1)?.y).toBeCloseTo(0);
    expect(marks.at(-1)).toEqual({ value: 10, y: 0 });
  });

  it("show one deletion among a thousand views", () => {
    const buckets = hours("2026-11-13T00:00:00Z", 1, { other: 1000, delete: 1 });
    const deletion = layoutHistogram(buckets, 100, 80).bars[0]?.segments.find(({ class: name }) => name === "delete");
    expect(deletion?.height).toBe(1);
  });

  it("neither overlap nor leave the width, however many there are", () => {
    for (const [count, width] of [
      [1, 900],
      [24, 901],
      [90, 272],
      [400, 272],
    ] as const) {
      const { bars } = layoutHistogram(hours("2026-11-13T00:00:00Z", count, { other: 1 }), width, 80);
      for (const [index, bar] of bars.entries()) {
        const next = bars[index + 1];
        expect(bar.width).toBeGreaterThanOrEqual(1);
        if (next && count <= width) {
          expect(bar.x + bar.width).toBeLessThanOrEqual(next.x);
        }
      }
      const last = bars.at(-1);
      expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(width + 1);
    }
  });

  it("are nothing where nothing is", () => {
    expect(layoutHistogram([], 100, 80).bars).toEqual([]);
    expect(layoutHistogram(hours("2026-11-13T00:00:00Z", 3), 100, 80).bars[0]?.segments).toEqual([]);
  });
});

describe("choosing by dragging", () => {
  const buckets = hours("2026-11-13T00:00:00Z", 10, { change: 2 });

  it("finds the bucket at a place, and the outermost beyond", () => {
    expect(bucketAt(0, 10, 100)).toBe(0);
    expect(bucketAt(99.9, 10, 100)).toBe(9);
    expect(bucketAt(-20, 10, 100)).toBe(0);
    expect(bucketAt(500, 10, 100)).toBe(9);
    expect(bucketAt(5, 0, 100)).toBe(-1);
  });

  it("spans whole buckets in either direction", () => {
    expect(rangeOf(7, 3)).toEqual({ first: 3, last: 7 });
    expect(spanOf(buckets, rangeOf(7, 3))).toEqual({
      from: "2026-11-13T03:00:00.000Z",
      to: "2026-11-13T08:00:00.000Z",
    });
    expect(spanOf(buckets, { first: 0, last: 99 })).toBeNull();
    expect(sumOf(buckets, { first: 0, last: 4 })).toEqual({ create: 0, change: 10, delete: 0, other: 0, total: 10 });
  });
});

const froms = (from: string, count: number) => hours(from, count).map((bucket) => bucket.from);

describe("labels of time", () => {
  it("stand at round times, and name the day where it begins", () => {
    const ticks = ticksOf(froms("2026-11-12T23:00:00Z", 24), "hour", { locale: "en", zone: "Europe/Prague" }, 5);
    expect(ticks.map((tick) => tick.label)).toEqual(["13 Nov", "06:00", "12:00", "18:00"]);
  });

  it("stay at round times over a change of the clocks", () => {
    const ticks = ticksOf(froms("2026-03-28T23:00:00Z", 23), "hour", { locale: "en", zone: "Europe/Prague" }, 5);
    expect(ticks.map((tick) => tick.label)).toEqual(["29 Mar", "06:00", "12:00", "18:00"]);
    expect(ticks[1]?.index).toBe(5);
  });

  it("follow zones off the hour, whose days begin with the server's buckets", () => {
    const ticks = ticksOf(froms("2026-11-12T18:30:00Z", 24), "hour", { locale: "en", zone: "Asia/Kolkata" }, 5);
    expect(ticks.map((tick) => tick.label)).toEqual(["13 Nov", "06:00", "12:00", "18:00"]);
  });

  it("are dates for days", () => {
    const days = Array.from({ length: 30 }, (_, day) => new Date(Date.UTC(2026, 10, 1 + day)).toISOString());
    const ticks = ticksOf(days, "day", { locale: "en", zone: "UTC" }, 10);
    expect(ticks[0]?.label).toBe("1 Nov");
    expect(ticks.length).toBeLessThanOrEqual(10);
  });

  it("are at most as many as there is room for, over many days of hours", () => {
    const ticks = ticksOf(froms("2026-11-01T00:00:00Z", 14 * 24), "hour", { locale: "en", zone: "UTC" }, 6);
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.length).toBeLessThanOrEqual(8);
    expect(ticks.every((tick) => tick.day)).toBe(true);
  });
});

describe("sparklines", () => {
  it("run from edge to edge and are never below the ground", () => {
    expect(sparkPath([0, 5, 10], 62, 20)).toBe("M1 19 L31 10 L61 1");
    expect(sparkPath([3], 62, 20)).toBe("M1 1 H61");
    expect(sparkPath([], 62, 20)).toBe("");
    expect(sparkPath([0, 0], 62, 20)).toBe("M1 19 L61 19");
  });
});
