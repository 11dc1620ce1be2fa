/** Where the bars of a histogram stand. Buckets come from the server, in the tenant's zone; nothing here knows a zone. */
import { niceAxis } from "./scale.ts";

/** The classes of events in the order in which they are stacked, from below. */
export const CLASSES = ["create", "change", "delete", "other"] as const;

/** A class of events. */
export type EventClass = (typeof CLASSES)[number];

/** How many events of each class between two instants. */
export interface Bucket extends Record<EventClass, number> {
  /** First instant inside. */
  from: string;
  /** First instant outside. */
  to: string;
}

/** A part of a bar. */
export interface Segment {
  class: EventClass;
  y: number;
  height: number;
}

/** A bar. */
export interface Bar {
  index: number;
  x: number;
  width: number;
  total: number;
  segments: Segment[];
}

/** A drawn histogram, as numbers. */
export interface Layout {
  bars: Bar[];
  /** Marks of the axis with their heights. */
  marks: { value: number; y: number }[];
  /** Width of a bucket with its gap. */
  step: number;
}

/** How many events a bucket has. */
export function totalOf(bucket: Bucket): number {
  return CLASSES.reduce((sum, name) => sum + bucket[name], 0);
}

/**
 * Lays buckets out over a width. Bars stand on whole pixels as long as there is a pixel for each; a part that has events
 * is never thinner than a pixel, so that one deletion among a thousand views is seen.
 */
export function layoutHistogram(buckets: readonly Bucket[], width: number, height: number): Layout {
  const most = buckets.reduce((max, bucket) => Math.max(max, totalOf(bucket)), 0);
  const axis = niceAxis(most, 2);
  const step = buckets.length === 0 ? width : width / buckets.length;
  const gap = step >= 6 ? 2 : step >= 3 ? 1 : 0;
  const bars = buckets.map((bucket, index): Bar => {
    const left = Math.round(index * step);
    const right = Math.round((index + 1) * step);
    return {
      index,
      x: left,
      width: Math.max(1, Math.min(right - left - gap, 48)),
      total: totalOf(bucket),
      segments: stack(bucket, axis.top, height),
    };
  });
  const marks = axis.marks.map((value) => ({ value, y: height - (value / axis.top) * height }));
  return { bars, marks, step };
}

function stack(bucket: Bucket, top: number, height: number): Segment[] {
  let base = height;
  const segments: Segment[] = [];
  for (const name of CLASSES) {
    const count = bucket[name];
    if (count > 0) {
      const tall = Math.min(base, Math.max(1, (count / top) * height));
      base -= tall;
      segments.push({ class: name, y: base, height: tall });
    }
  }
  return segments;
}

/** The bucket at a place; beyond the ends it is the first or the last. */
export function bucketAt(x: number, count: number, width: number): number {
  if (count === 0 || width <= 0) {
    return -1;
  }
  return Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)));
}

/** A choice of buckets from where it began to where it is now, whichever is earlier. */
export interface Range {
  first: number;
  last: number;
}

/** The range between two buckets. */
export function rangeOf(anchor: number, head: number): Range {
  return { first: Math.min(anchor, head), last: Math.max(anchor, head) };
}

/** The instants that a range spans, or null where there is no such bucket. */
export function spanOf(buckets: readonly Bucket[], range: Range): { from: string; to: string } | null {
  const first = buckets[range.first];
  const last = buckets[range.last];
  return first && last ? { from: first.from, to: last.to } : null;
}

/** Sums by class over a range. */
export function sumOf(buckets: readonly Bucket[], range: Range): Record<EventClass, number> & { total: number } {
  const sums = { create: 0, change: 0, delete: 0, other: 0, total: 0 };
  for (const bucket of buckets.slice(range.first, range.last + 1)) {
    for (const name of CLASSES) {
      sums[name] += bucket[name];
    }
    sums.total += totalOf(bucket);
  }
  return sums;
}
