/** Numbers to places, and the round numbers that an axis shows. */

/** The top of an axis and its marks: the least round number at or above `max` with at most `most` steps of 1, 2 or 5. */
export function niceAxis(max: number, most = 4): { top: number; marks: number[] } {
  if (!(max > 0)) {
    return { top: 1, marks: [0] };
  }
  const rough = max / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((step) => step * power >= rough) ?? 10;
  // Counts are whole: no mark between two of them.
  const step = Math.max(1, factor * power);
  const steps = Math.ceil(max / step);
  return { top: steps * step, marks: Array.from({ length: steps + 1 }, (_, index) => index * step) };
}

/** Every so many of `count` things that at most `most` are left: by 1, 2, 3, 6, 12 or 24, then by doubling. */
export function stride(count: number, most: number): number {
  const steps = [1, 2, 3, 6, 12, 24];
  const fitting = steps.find((step) => Math.ceil(count / step) <= most);
  if (fitting !== undefined) {
    return fitting;
  }
  let step = 48;
  while (Math.ceil(count / step) > Math.max(1, most)) {
    step *= 2;
  }
  return step;
}
