/** What the server said of a violation, with what was said on this page over it. */
import type { Violation } from "../../data/violations";
import { isUnreviewed } from "./triage";
import type { Said } from "./useReviews";

/** The review that holds now, as far as this page knows. */
export function reviewOf(row: Violation, said: Said | undefined): Violation["review"] {
  return said === undefined ? row.review : said.review;
}

/** Whether somebody should still look at it. */
export function isOpen(row: Violation | undefined, said: ReadonlyMap<string, Said>): boolean {
  return row !== undefined && isUnreviewed({ review: reviewOf(row, said.get(row.id)) });
}

/** Who it is about. */
export function whoOf(row: Violation): string | undefined {
  return row.user === null || row.user === undefined ? undefined : row.user.name || row.user.id;
}
