import { expect, it } from "vitest";
import { PageWindow } from "../data/pages";
import { completeFrom, rowsOf } from "./rows";

const at = (minute: number) => `2026-11-13T14:${String(minute).padStart(2, "0")}:00Z`;

async function rows(...minutes: number[]) {
  const window = new PageWindow<string>(async () => ({ data: minutes.map(at), next_cursor: null }));
  await window.start();
  return window;
}

it("has what was followed before what was read", async () => {
  const all = rowsOf(await rows(3, 2, 1), [at(5), at(4)]);
  expect(all.count).toBe(5);
  expect([0, 1, 2, 4, 5].map((index) => all.row(index))).toEqual([at(5), at(4), at(3), at(1), undefined]);
  expect(all.indexOf((row) => row === at(2))).toBe(3);
  expect(all.indexOf((row) => row === at(5))).toBe(0);
  expect(all.indexOf((row) => row === at(9))).toBe(-1);
});

it("marks from where rows may still come", async () => {
  const all = rowsOf(await rows(9, 8, 7, 6), []);
  const same = (row: string) => row;
  expect(completeFrom(all, same, at(7))).toBe(2);
  expect(completeFrom(all, same, at(9))).toBeUndefined();
  expect(completeFrom(all, same, null)).toBeUndefined();
  expect(completeFrom(all, same, at(1))).toBeUndefined();
});
