import { describe, expect, it } from "vitest";
import {
  type Finding,
  groupsOf,
  levelOf,
  nextUnreviewed,
  NOTHING,
  orderOf,
  step,
  toggle,
  toggleAll,
  toggleRange,
} from "./triage.ts";

const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id,
  rule: "too-many-devices",
  title: "Too many devices",
  level: "medium",
  user: { id: "u-1", name: "Ann" },
  last_at: "2026-11-13T10:00:00Z",
  window_at: "2026-11-13T00:00:00Z",
  review: null,
  ...more,
});
const reviewed = { review: { reviewed: true } };

describe("groups", () => {
  const findings = [
    finding("a", reviewed),
    finding("b", { user: { id: "u-2" }, level: "critical" }),
    finding("c", { level: "high", rule: "impossible-travel", title: "Impossible travel" }),
    finding("d", { user: null }),
    finding("e", { review: { reviewed: false } }),
  ];

  it("are of one user each, with the worst level and what is left to do", () => {
    const groups = groupsOf(findings, "user");
    expect(groups.map((group) => [group.key, group.label, group.worst, group.unreviewed])).toEqual([
      ["u-1", "Ann", "high", 2],
      ["u-2", "u-2", "critical", 1],
      ["", "", "medium", 1],
    ]);
  });

  it("have the unreviewed first; a review that was outgrown is none", () => {
    expect(groupsOf(findings, "user")[0]?.items.map((item) => item.id)).toEqual(["c", "e", "a"]);
    expect(orderOf(groupsOf(findings, "none"), new Set())).toEqual(["b", "c", "d", "e", "a"]);
  });

  it("are of one rule each", () => {
    expect(groupsOf(findings, "rule").map((group) => group.label)).toEqual(["Too many devices", "Impossible travel"]);
  });

  it("can be folded", () => {
    expect(orderOf(groupsOf(findings, "user"), new Set(["u-1"]))).toEqual(["b", "d"]);
  });

  it("take a level that nobody knows for the least", () => {
    expect(levelOf("dreadful")).toBe("informational");
  });
});

describe("moving", () => {
  const order = ["a", "b", "c"];
  it("goes step by step and stays at the ends", () => {
    expect(step(order, undefined, 1)).toBe("a");
    expect(step(order, "a", 1)).toBe("b");
    expect(step(order, "c", 1)).toBe("c");
    expect(step(order, "a", -1)).toBe("a");
    expect(step(order, "gone", 1)).toBe("a");
    expect(step([], "a", 1)).toBeUndefined();
  });

  it("goes on to what nobody has reviewed, round the end", () => {
    const left = new Set(["a", "c"]);
    expect(nextUnreviewed(order, "a", (id) => left.has(id))).toBe("c");
    expect(nextUnreviewed(order, "c", (id) => left.has(id))).toBe("a");
    expect(nextUnreviewed(order, "a", () => false)).toBeUndefined();
    expect(nextUnreviewed(["a"], "a", () => true)).toBeUndefined();
  });
});

describe("choosing", () => {
  const order = ["a", "b", "c", "d", "e"];
  it("takes one and lets it go", () => {
    const one = toggle(NOTHING, "b");
    expect([...one.ids]).toEqual(["b"]);
    expect(toggle(one, "b").ids.size).toBe(0);
  });

  it("takes a range in either direction, and keeps what was chosen", () => {
    expect([...toggleRange(toggle(NOTHING, "b"), "d", order).ids]).toEqual(["b", "c", "d"]);
    const upwards = toggleRange(toggle(toggle(NOTHING, "e"), "c"), "a", order);
    expect([...upwards.ids].sort()).toEqual(["a", "b", "c", "e"]);
    expect([...toggleRange(NOTHING, "c", order).ids]).toEqual(["c"]);
    expect([...toggleRange(toggle(NOTHING, "gone"), "c", order).ids]).toEqual(["gone", "c"]);
  });

  it("takes a whole group, and then none of it", () => {
    const all = toggleAll(toggle(NOTHING, "a"), ["a", "b"]);
    expect([...all.ids]).toEqual(["a", "b"]);
    expect(toggleAll(all, ["a", "b"]).ids.size).toBe(0);
  });
});
