/** A small line without axes: only its shape is read. */

/** The `d` of a path through values over a width and height, `pad` pixels off the edges; empty where there is nothing. */
export function sparkPath(values: readonly number[], width: number, height: number, pad = 1): string {
  if (values.length === 0) {
    return "";
  }
  const top = Math.max(...values, 1);
  const step = values.length === 1 ? 0 : (width - 2 * pad) / (values.length - 1);
  const y = (value: number) => height - pad - (Math.max(0, value) / top) * (height - 2 * pad);
  const points = values.map((value, index) => `${round(pad + index * step)} ${round(y(value))}`);
  return values.length === 1 ? `M${points[0]} H${round(width - pad)}` : `M${points.join(" L")}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
