import { describe, expect, it } from "vitest";
import { EXAMPLE, NO_KEY, snippet, TONGUES } from "./snippets.ts";
import { pollAfter, standings, waiting } from "./steps.ts";

describe("snippets", () => {
  it("have the page's own address and the key that was just made", () => {
    for (const tongue of TONGUES) {
      const text = snippet(tongue, "https://log.acme.example", "ut_abc_123");
      expect(text).toContain("https://log.acme.example/v1/events");
      expect(text).toContain("Bearer ut_abc_123");
      expect(text).toContain(EXAMPLE.type);
    }
  });

  it("show a place for the key where it is not known", () => {
    expect(snippet("curl", "http://127.0.0.1:8080", undefined)).toContain(`Bearer ${NO_KEY}`);
  });

  it("send what is JSON", () => {
    const body = /-d '([^']*)'/.exec(snippet("curl", "http://127.0.0.1:8080", undefined))?.[1];
    expect(JSON.parse(body ?? "")).toEqual(EXAMPLE);
  });
});

describe("steps", () => {
  it("stand one after the other", () => {
    expect(standings({ logging: true, keys: 0, lastReceived: null, users: false })).toEqual({
      logging: "done",
      key: "now",
      event: "later",
      user: "later",
    });
  });

  it("are not said to be undone before that is known", () => {
    expect(standings({ logging: undefined, keys: undefined, lastReceived: undefined, users: undefined })).toEqual({
      logging: "unknown",
      key: "unknown",
      event: "unknown",
      user: "unknown",
    });
  });

  it("take what has arrived for done, whatever is before it", () => {
    const known = { logging: true, keys: 0, lastReceived: "2026-11-13T10:00:00Z", users: true };
    expect(standings(known)).toEqual({ logging: "done", key: "now", event: "done", user: "done" });
    expect(waiting(known)).toBe(false);
  });

  it("are looked at less often after a while", () => {
    expect(waiting({ logging: true, keys: 1, lastReceived: null, users: false })).toBe(true);
    expect(pollAfter(0)).toBe(2000);
    expect(pollAfter(600_000)).toBe(10_000);
  });
});
