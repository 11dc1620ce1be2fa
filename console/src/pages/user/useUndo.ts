import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { me } from "../../data/me";
import { asProblem } from "../../data/problem";
import { user } from "../../data/users";
import { unreview, type Violation } from "../../data/violations";
import { toast } from "../../kit/Toast";
import { useWords } from "../../words/words";
import type { Marked } from "./StatusCell";

/** Takes the mark of a violation back: it is unreviewed again, and nothing else changes. */
export function useUndo(userId: string, mark: (id: string, marked: Marked) => void): (row: Violation) => void {
  const { t } = useWords();
  const client = useQueryClient();
  return useCallback(
    (row: Violation) => {
      void (async () => {
        try {
          const answer = await unreview(row.id);
          mark(row.id, { review: null, pending: !answer.applied });
          toast({ kind: "done", text: t("user.review.undone") });
          // The marks of the head and of navigation count what nobody has looked at.
          await client.invalidateQueries({ queryKey: user(userId).queryKey, exact: true });
          await client.invalidateQueries({ queryKey: me().queryKey });
        } catch (error) {
          toast({ kind: "failed", text: t("violations.failed", { why: asProblem(error).message }) });
        }
      })();
    },
    [client, mark, t, userId],
  );
}
