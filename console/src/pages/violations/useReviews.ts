import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { me, useMe } from "../../data/me";
import { asProblem } from "../../data/problem";
import { review, reviewMany, type Reviews, unreview, type Violation } from "../../data/violations";
import { toast } from "../../kit/Toast";
import { useWords } from "../../words/words";
import { UNDO_UP_TO } from "./triage";

const UNDO_SECONDS = 10;

/** What was said about a violation on this page, before the list is read again. */
export interface Said {
  review: Violation["review"];
  /** Recorded for good, but not yet in the server's lists. */
  pending: boolean;
}

interface Done {
  ids: string[];
  until: number;
}

/** Reviewing and taking it back. Rows stay where they are: what was said about them is laid over what was read. */
export function useReviews() {
  const { t } = useWords();
  const { who } = useMe();
  const client = useQueryClient();
  const [said, setSaid] = useState<ReadonlyMap<string, Said>>(new Map());
  const last = useRef<Done | undefined>(undefined);
  const lay = useCallback((ids: readonly string[], one: Said) => {
    setSaid((before) => new Map([...before, ...ids.map((id) => [id, one] as const)]));
  }, []);
  const failed = useCallback(
    (error: unknown) => toast({ kind: "failed", text: t("violations.failed", { why: asProblem(error).message }) }),
    [t],
  );
  // The number in navigation is the session's, and counts what nobody has reviewed.
  const counted = useCallback(async () => client.invalidateQueries({ queryKey: me().queryKey }), [client]);

  const takeBack = useCallback(async () => {
    const done = last.current;
    if (done === undefined || performance.now() > done.until) {
      toast({ kind: "done", text: t("violations.nothing_to_undo") }, 3);
      return;
    }
    last.current = undefined;
    try {
      const answers = await Promise.all(done.ids.map(async (id) => unreview(id)));
      const pending = answers.some((answer) => !answer.applied);
      lay(done.ids, { review: null, pending });
      toast({
        kind: "done",
        text: done.ids.length === 1 ? t("violations.undone") : t("violations.undone_many", { count: done.ids.length }),
      });
      await counted();
    } catch (error) {
      failed(error);
    }
  }, [counted, failed, lay, t]);

  const offer = useCallback(
    (ids: string[], text: string) => {
      const undoable = ids.length > 0 && ids.length <= UNDO_UP_TO;
      last.current = undoable ? { ids, until: performance.now() + UNDO_SECONDS * 1000 } : undefined;
      const action = { label: t("violations.undo"), run: () => void takeBack() };
      toast({ kind: "done", text, ...(undoable ? { action } : {}) }, UNDO_SECONDS);
    },
    [t, takeBack],
  );

  const reviewOne = useCallback(
    async (row: Violation, note: string): Promise<boolean> => {
      try {
        const answer = await review(row.id, note, row.count);
        const own = { at: new Date().toISOString(), by: who, count: row.count, note, reviewed: true };
        lay([row.id], { review: answer.applied ? answer.data.review : own, pending: !answer.applied });
        offer([row.id], t("violations.done_one", { title: row.title }));
        await counted();
        return true;
      } catch (error) {
        failed(error);
        return false;
      }
    },
    [counted, failed, lay, offer, t, who],
  );

  const reviewAll = useCallback(
    async (body: Reviews): Promise<boolean> => {
      try {
        const { reviewed, failed: left, applied } = await reviewMany(body);
        const at = new Date().toISOString();
        const ids = "ids" in body ? body.ids.filter((id) => !left.includes(id)) : [];
        lay(ids, { review: { at, by: who, count: 0, note: body.note, reviewed: true }, pending: !applied });
        offer(ids, t("violations.done_many", { count: reviewed }));
        await counted();
        return true;
      } catch (error) {
        failed(error);
        return false;
      }
    },
    [counted, failed, lay, offer, t, who],
  );
  return { said, reviewOne, reviewAll, takeBack };
}
