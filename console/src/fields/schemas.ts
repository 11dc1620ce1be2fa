import * as v from "valibot";
import { isPreset } from "../time/period";

/** Commas within a value stand behind a backslash, as in every list of the API. */
export function splitList(text: string): string[] {
  const values: string[] = [];
  let value = "";
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    if (letter === "\\" && at + 1 < text.length) {
      at += 1;
      value += text[at] ?? "";
    } else if (letter === ",") {
      values.push(value);
      value = "";
    } else {
      value += letter;
    }
  }
  return [...values, value];
}

export function joinList(values: readonly string[]): string {
  return values.map((value) => value.replaceAll("\\", "\\\\").replaceAll(",", "\\,")).join(",");
}

/** Words, ids, addresses: the server has the exact rules; this keeps out what no server takes. */
export const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));

export const list = v.pipe(
  v.string(),
  v.maxLength(4000),
  v.check((value) => splitList(value).length <= 500),
);

/** A list of words of a closed set. */
export const listOf = (...valid: readonly string[]) =>
  v.pipe(
    list,
    v.check((value) => splitList(value).every((word) => valid.includes(word))),
  );

export const oneOf = (...valid: readonly string[]) =>
  v.pipe(
    v.string(),
    v.check((value) => valid.includes(value)),
  );

export const period = v.pipe(
  v.string(),
  v.check((value) => value === "custom" || isPreset(value)),
);

/** A local date, or an instant. */
export const date = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/),
  v.check((value) => !Number.isNaN(Date.parse(value))),
);
