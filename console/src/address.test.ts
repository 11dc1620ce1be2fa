import { expect, it } from "vitest";
import { flat, parseSearch } from "./address";
import { toSearch } from "./paths";

it("keeps an address as it was through reading and writing", () => {
  const text = "?actor_id=u-1,u-2&period=this_week&q=a+b&changed=price%2Fnet";
  expect(toSearch(parseSearch(text))).toBe(text);
});

it("joins what was named twice, and drops what is no text", () => {
  expect(parseSearch("?type=a&type=b&actor_id=")).toEqual({ type: "a,b", actor_id: "" });
  expect(flat({ a: "1", b: 2, c: ["x"] })).toEqual({ a: "1" });
});
