import { describe, expect, it } from "vitest";
import type { FilterField } from "../fields/list";
import { joinList, list, listOf, period, splitList, text } from "../fields/schemas";
import { changes, halvePeriod, lessPeriod, parseFilter, searchOf, shiftPeriod, withParams } from "./filter";

const fields: FilterField[] = [
  { kind: "period", param: "period", label: "list.period", schema: period },
  { kind: "facet", param: "actor_id", label: "list.period", schema: list, facet: "actor" },
  { kind: "checks", param: "class", label: "list.period", schema: listOf("create", "delete"), choices: [] },
  { kind: "text", param: "q", label: "list.period", schema: text },
];

describe("a filter of the address", () => {
  it("has what is valid, and names what it ignores", () => {
    const { filter, ignored } = parseFilter(
      { actor_id: "u-1", period: "foo", class: "create,nope", _event: "e", tenant: "t", what: "1", order: "asc" },
      fields,
    );
    expect(filter).toEqual({ actor_id: "u-1", order: "asc" });
    expect(ignored).toEqual([
      ["period", "foo"],
      ["class", "create,nope"],
      ["what", "1"],
    ]);
  });

  it("has own dates only where the period is not a named one", () => {
    expect(parseFilter({ period: "today", from: "2026-11-01", to: "2026-11-02" }, fields).filter).toEqual({
      period: "today",
    });
    expect(parseFilter({ period: "custom", from: "2026-11-01", to: "2026-13-02" }, fields).filter).toEqual({
      period: "custom",
      from: "2026-11-01",
    });
  });

  it("counts changed fields, not params", () => {
    const applied = { period: "today" };
    expect(changes({ period: "custom", from: "2026-11-01", to: "2026-11-02" }, applied, fields)).toBe(1);
    expect(changes({ q: "x", actor_id: "u" }, applied, fields)).toBe(3);
    expect(changes(applied, applied, fields)).toBe(0);
  });

  it("goes back into the address beside what is the console's own", () => {
    const search = { period: "today", bad: "1", _event: "e", _cols: "time" };
    expect(searchOf({ q: "x" }, search, ["_event"])).toEqual({ q: "x", _cols: "time" });
    expect(withParams({ a: "1", b: "2" }, { a: undefined, c: "3" })).toEqual({ b: "2", c: "3" });
  });
});

describe("lists", () => {
  it("keep commas and backslashes of values", () => {
    for (const values of [["a", "b"], ["Praha, centrum", "c\\d"], [""]]) {
      expect(splitList(joinList(values))).toEqual(values);
    }
  });
});

describe("periods", () => {
  it("move among the named ones, and by their length", () => {
    expect(shiftPeriod({ period: "today" }, -1)).toEqual({ period: "yesterday" });
    expect(shiftPeriod({ period: "last_week" }, 1)).toEqual({ period: "this_week" });
    expect(shiftPeriod({ period: "last_30_days" }, -1)).toBeUndefined();
    expect(shiftPeriod({ period: "custom", from: "2026-11-01", to: "2026-11-07" }, -1)).toEqual({
      period: "custom",
      from: "2026-10-25",
      to: "2026-10-31",
    });
    expect(shiftPeriod({ from: "2026-11-01T10:00:00Z", to: "2026-11-01T11:00:00Z" }, 1)).toEqual({
      from: "2026-11-01T11:00:00.000Z",
      to: "2026-11-01T12:00:00.000Z",
    });
  });

  it("get shorter by name where nothing is known of their bounds", () => {
    expect(lessPeriod({ period: "last_90_days", q: "x" })).toEqual({ period: "last_30_days" });
    expect(lessPeriod({})).toEqual({ period: "last_30_days" });
    expect(lessPeriod({ period: "today" })).toBeUndefined();
    expect(lessPeriod({ period: "custom", from: "2026-11-01", to: "2026-11-03" })?.["from"]).toBe(
      "2026-11-02T00:00:00.000Z",
    );
  });

  it("are halved to their later part", () => {
    expect(halvePeriod({ from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" })).toEqual({
      period: "custom",
      from: "2026-11-02T00:00:00.000Z",
      to: "2026-11-03T00:00:00Z",
    });
    expect(halvePeriod({ from: null, to: null })).toBeUndefined();
  });
});
