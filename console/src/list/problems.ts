import type { Problem } from "../data/problem";
import type { Words } from "../words/words";

/** What to say about a problem: the console's words for its code, else the server's own. */
export function problemWords(problem: Problem, { t, known }: Words): { title: string; text: string; facts: string[] } {
  const { code, status, at, requestId, body } = problem;
  const title = known("problems", code);
  const own = title !== code;
  return {
    title: own ? title : t("problems.unknown"),
    // The server words its detail in the reader's language, and knows the particulars.
    text: body.detail ?? "",
    facts: [`${code}${status === 0 ? "" : ` · ${status}`}`, at, ...(requestId === null ? [] : [requestId])],
  };
}
