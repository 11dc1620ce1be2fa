import type { Dispatch, RefObject, SetStateAction } from "react";
import { useAddress } from "../../address";
import type { Violation } from "../../data/violations";
import { useShortcut } from "../../keys/useShortcut";
import { paths } from "../../paths";
import { type Selection, toggle, toggleRange } from "./triage";
import type { useReviews } from "./useReviews";

interface TriageKeys {
  move: (by: number) => void;
  /** What the focus is on. */
  target: () => Violation | undefined;
  order: readonly string[];
  open: (id: string) => void;
  may: boolean;
  detail: RefObject<HTMLElement | null>;
  setSelection: Dispatch<SetStateAction<Selection>>;
  reviews: ReturnType<typeof useReviews>;
  reviewAndNext: (row: Violation, note: string) => Promise<boolean>;
}

/** The keys of triage. Each acts on what has the focus, never on what is merely open. */
export function useTriageKeys(keys: TriageKeys): void {
  const { move, target, order, open, may, detail, setSelection, reviews, reviewAndNext } = keys;
  const { go } = useAddress();
  const part = (selector: string) => detail.current?.querySelector<HTMLElement>(selector);
  useShortcut("nextRow", () => move(1));
  useShortcut("previousRow", () => move(-1));
  useShortcut("review", () => {
    const row = target();
    const note = part("[data-note] textarea");
    // A note that was begun belongs to what is open.
    const text =
      note instanceof HTMLTextAreaElement && note.closest(`[data-of="${CSS.escape(row?.id ?? "")}"]`) ? note.value : "";
    if (row !== undefined && may) {
      void reviewAndNext(row, text);
    }
  });
  useShortcut("note", () => {
    const note = part("[data-note] textarea");
    if (note) {
      note.focus();
    } else {
      const row = target();
      if (row) {
        open(row.id);
      }
    }
  });
  useShortcut("undo", () => void reviews.takeBack(), may);
  useShortcut("select", () => {
    const row = target();
    if (row) {
      setSelection((before) => toggle(before, row.id));
    }
  });
  useShortcut("selectRange", () => {
    const row = target();
    if (row) {
      setSelection((before) => toggleRange(before, row.id, order));
    }
  });
  useShortcut("block", () => part("[data-block]")?.click());
  useShortcut("openPerson", () => {
    const user = target()?.user;
    if (user) {
      go(paths.userSignIns(user.id));
    }
  });
}
