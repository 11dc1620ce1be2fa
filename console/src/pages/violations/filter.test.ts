import { describe, expect, it } from "vitest";
import { filterOf, firstPhase, nextPhase, ownOf, withParam } from "./filter.ts";

describe("the filter of an address", () => {
  it("has the API's params and no others", () => {
    const search = { user_id: "u-1", _group: "rule", tenant: "acme", foo: "bar", reviewed: "perhaps", level: "" };
    expect(filterOf(search)).toEqual({ user_id: "u-1" });
    expect(ownOf(search)).toEqual({ _group: "rule", tenant: "acme" });
  });

  it("changes one param at a time", () => {
    expect(withParam({ rule: "a", level: "high" }, "rule", undefined)).toEqual({ level: "high" });
    expect(withParam({ level: "high" }, "reviewed", "false")).toEqual({ level: "high", reviewed: "false" });
    expect(withParam({ level: "high" }, "level", "")).toEqual({});
  });
});

describe("what is read", () => {
  it("begins with what nobody has reviewed, and goes on with the rest", () => {
    expect(firstPhase({})).toBe("false");
    expect(nextPhase({}, "false")).toBe("true");
    expect(nextPhase({}, "true")).toBeUndefined();
  });

  it("is one list where one was asked for", () => {
    expect(firstPhase({ reviewed: "true" })).toBe("true");
    expect(nextPhase({ reviewed: "true" }, "true")).toBeUndefined();
    expect(nextPhase({ reviewed: "false" }, "false")).toBeUndefined();
  });
});
