import { describe, expect, it } from "vitest";
import type { Event } from "../../data/schema";
import { viewersOf } from "./seen";

const look = (id: string, at: string, records?: number): Event =>
  // What else an event has does not matter here.
  // oxlint-disable-next-line typescript/consistent-type-assertions
  ({ id: at, actor: { kind: "user", id, name: id }, occurred_at: at, records }) as unknown as Event;

describe("who has seen it", () => {
  it("is a line for each person, with the last look and all records", () => {
    const viewers = viewersOf([
      look("jana", "2026-11-13T10:00:00Z", 2),
      look("petr", "2026-11-13T11:00:00Z"),
      look("jana", "2026-11-12T10:00:00Z", 40),
    ]);
    expect(viewers.map(({ actor, looks, records, last }) => [actor.id, looks, records, last.occurred_at])).toEqual([
      ["petr", 1, undefined, "2026-11-13T11:00:00Z"],
      ["jana", 2, 42, "2026-11-13T10:00:00Z"],
    ]);
  });
});
