import { expect, it } from "vitest";
import { secondsToWait } from "./waiting";

it("waits as long as the server says, by number or date, and longer each time where it says nothing", () => {
  const now = Date.parse("2026-11-13T14:00:00Z");
  expect(secondsToWait("7", 0, now)).toBe(7);
  expect(secondsToWait("Fri, 13 Nov 2026 14:00:05 GMT", 0, now)).toBe(5);
  expect(secondsToWait("-3", 0, now)).toBe(0);
  expect(secondsToWait(null, 2, now)).toBe(4);
  expect(secondsToWait("soon", 1, now)).toBe(2);
});
