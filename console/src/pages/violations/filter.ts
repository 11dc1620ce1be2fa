/** What the inbox is filtered by: the API's own params, as the address has them. */
import type { Search } from "../../address";

/** Params of the API that the inbox takes from the address. */
export const PARAMS = [
  "user_id",
  "rule",
  "level",
  "min_level",
  "device_id",
  "reviewed",
  "period",
  "from",
  "to",
] as const;

/** A param of the filter. */
export type Param = (typeof PARAMS)[number];

/** The filter of an address: what the API is asked with. */
export function filterOf(search: Search): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const name of PARAMS) {
    const value = search[name];
    if (value !== undefined && value !== "" && accepts(name, value)) {
      filter[name] = value;
    }
  }
  return filter;
}

function accepts(name: Param, value: string): boolean {
  return name !== "reviewed" || value === "true" || value === "false";
}

/** What else the address had, which is no filter: the console's own params. */
export function ownOf(search: Search): Record<string, string> {
  return Object.fromEntries(Object.entries(search).filter(([name]) => name.startsWith("_") || name === "tenant"));
}

/** A filter with one param set, or without it. */
export function withParam(search: Search, name: string, value: string | undefined): Record<string, string> {
  const next: Record<string, string> = Object.fromEntries(Object.entries(search).filter(([other]) => other !== name));
  if (value !== undefined && value !== "") {
    next[name] = value;
  }
  return next;
}

/** Which list is read: the unreviewed, and after them the reviewed, unless one of them was asked for. */
export type Phase = "false" | "true";

/** The first list to read. */
export function firstPhase(filter: Record<string, string>): Phase {
  return filter["reviewed"] === "true" ? "true" : "false";
}

/** The list after one that was read to its end. */
export function nextPhase(filter: Record<string, string>, phase: Phase): Phase | undefined {
  return filter["reviewed"] === undefined && phase === "false" ? "true" : undefined;
}
