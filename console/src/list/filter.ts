import { safeParse } from "valibot";
import type { Search } from "../address";
import type { Filter, FilterField } from "../fields/list";
import { date, oneOf, text } from "../fields/schemas";

/** Params of a filter beside its own, and how they are checked. */
function checks(field: FilterField): readonly [string, FilterField["schema"]][] {
  switch (field.kind) {
    case "period":
      return [
        [field.param, field.schema],
        ["from", date],
        ["to", date],
      ];
    case "change":
      return [
        [field.param, field.schema],
        ["changed_from", text],
        ["changed_to", text],
      ];
    case "actions":
      return [
        [field.param, field.schema],
        ["action", text],
        ["exclude_action", text],
      ];
    case "catalogue":
      return [
        [field.param, field.schema],
        ["exclude_type", text],
      ];
    case "checks":
      return [
        [field.param, field.schema],
        [`exclude_${field.param}`, text],
      ];
    default:
      return [[field.param, field.schema]];
  }
}

/** Every param that a field has: what its chip takes away. */
export function paramsOf(field: FilterField): string[] {
  return checks(field).map(([param]) => param);
}

export interface Parsed {
  filter: Filter;
  /** What the address has and nobody understands: said in a chip, and left alone. */
  ignored: [string, string][];
}

const order = oneOf("asc", "desc");

/** The filter of an address. What is wrong in it costs that part alone, never the page. */
export function parseFilter(search: Search, fields: readonly FilterField[]): Parsed {
  const valid = new Map<string, FilterField["schema"]>(fields.flatMap((field) => checks(field)));
  valid.set("order", order);
  const filter: Record<string, string> = {};
  const ignored: [string, string][] = [];
  for (const [param, value] of Object.entries(search)) {
    // What begins with `_` is the console's own, and the tenant is no filter.
    if (param.startsWith("_") || param === "tenant") {
      continue;
    }
    const schema = valid.get(param);
    if (schema !== undefined && safeParse(schema, value).success) {
      filter[param] = value;
    } else {
      ignored.push([param, value]);
    }
  }
  if (filter["period"] !== "custom" && filter["period"] !== undefined) {
    // A named period and own dates exclude each other; the name goes first.
    delete filter["from"];
    delete filter["to"];
  }
  return { filter, ignored };
}

/** How many fields differ, for "3 changes not applied". */
export function changes(draft: Filter, applied: Filter, fields: readonly FilterField[]): number {
  return fields.filter((field) => paramsOf(field).some((param) => draft[param] !== applied[param])).length;
}

/** A filter with some params set, or taken away where there is no value. */
export function withParams(filter: Filter, change: Readonly<Record<string, string | undefined>>): Filter {
  const next: Record<string, string> = { ...filter };
  for (const [param, value] of Object.entries(change)) {
    if (value === undefined) {
      delete next[param];
    } else {
      next[param] = value;
    }
  }
  return next;
}

/** The address of a filter: the console's own params stay, what was ignored goes. */
export function searchOf(filter: Filter, search: Search, drop: readonly string[] = []): Search {
  const own = Object.entries(search).filter(
    ([param]) => (param.startsWith("_") || param === "tenant") && !drop.includes(param),
  );
  return { ...filter, ...Object.fromEntries(own) };
}

/** The period before or after: of named ones where there is one, else own dates moved by their length. */
export function shiftPeriod(filter: Filter, step: 1 | -1): Filter | undefined {
  const pairs: readonly [string, string][] = [
    ["yesterday", "today"],
    ["last_week", "this_week"],
    ["last_month", "this_month"],
  ];
  const { period, from, to } = filter;
  const named = pairs.find((pair) => pair[step === -1 ? 1 : 0] === period);
  if (named !== undefined) {
    return { ...filter, period: named[step === -1 ? 0 : 1] };
  }
  if (from === undefined || to === undefined) {
    return undefined;
  }
  // Local dates name the last day, instants the first moment outside.
  const day = 86_400_000;
  const length = Date.parse(to) - Date.parse(from) + (to.length === 10 ? day : 0);
  const move = (instant: string) => {
    const moved = new Date(Date.parse(instant) + step * length).toISOString();
    return instant.length === 10 ? moved.slice(0, 10) : moved;
  };
  return { ...filter, from: move(from), to: move(to) };
}

/** A named period of about half the length, where the bounds are not known because nothing was answered. */
const shorter: Partial<Record<string, string>> = {
  last_90_days: "last_30_days",
  last_30_days: "this_week",
  last_month: "last_week",
  this_month: "this_week",
  this_week: "today",
  last_week: "yesterday",
};

/** What is asked for instead of a question that was too large. */
export function lessPeriod(filter: Filter): Filter | undefined {
  const { period, from, to } = filter;
  if (period === undefined && from === undefined) {
    return { period: "last_30_days" };
  }
  const named = shorter[period ?? ""];
  return named === undefined ? halvePeriod({ from: from ?? null, to: to ?? null }) : { period: named };
}

/**
 * The nearest period that a plan has to one that it has not: from the first whole day that it keeps, or its longest named period
 * where it has no free dates.
 */
export function allowedPeriod(
  filter: Filter,
  plan: { free: boolean; named: readonly string[]; from: string | null },
): Filter | undefined {
  const longest =
    plan.named.findLast((one) => one === "last_90_days") ?? plan.named.findLast((one) => one === "last_30_days");
  if (!plan.free || plan.from === null) {
    const named = longest ?? plan.named.at(-1) ?? (plan.free ? undefined : "last_30_days");
    return named === undefined || named === filter["period"] ? undefined : { period: named };
  }
  // The bound moves on while somebody reads; a day later it still holds.
  const from = new Date(Date.parse(plan.from) + 86_400_000).toISOString().slice(0, 10);
  const { to } = filter;
  return {
    period: "custom",
    from,
    to: to === undefined || to.slice(0, 10) < from ? new Date().toISOString().slice(0, 10) : to,
  };
}

/** The first half of a period is left out: for questions that are too large. */
export function halvePeriod(bounds: { from: string | null; to: string | null }): Filter | undefined {
  if (bounds.from === null || bounds.to === null) {
    return undefined;
  }
  const [from, to] = [Date.parse(bounds.from), Date.parse(bounds.to)];
  return { period: "custom", from: new Date(Math.ceil((from + to) / 2 / 1000) * 1000).toISOString(), to: bounds.to };
}
