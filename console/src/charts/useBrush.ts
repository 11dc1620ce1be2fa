import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { bucketAt, type Range, rangeOf } from "./bars.ts";

interface Brush {
  /** What is being chosen, while it is. */
  range: Range | null;
  /** The bar that the focus is on or goes to. */
  cursor: number;
  setCursor: (index: number) => void;
  onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  onPointerMove: (event: PointerEvent<HTMLElement>) => void;
  onPointerUp: (event: PointerEvent<HTMLElement>) => void;
  onPointerCancel: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

const STEPS: Record<string, (index: number, count: number) => number> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  PageUp: (index, count) => index - Math.ceil(count / 10),
  PageDown: (index, count) => index + Math.ceil(count / 10),
  Home: () => 0,
  End: (_, count) => count - 1,
};

/**
 * Choosing a stretch of buckets: by dragging, or by arrows with Shift and Enter. A click, or Enter alone, is a stretch of
 * one. Esc gives up.
 */
export function useBrush(count: number, choose: (range: Range) => void, focusBar: (index: number) => void): Brush {
  const [drag, setDrag] = useState<{ anchor: number; head: number; keyboard: boolean } | null>(null);
  const [cursor, setCursor] = useState(0);
  const at = Math.min(cursor, Math.max(0, count - 1));
  const place = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return bucketAt(event.clientX - box.left, count, box.width);
  };
  const range = drag ? rangeOf(drag.anchor, drag.head) : null;
  return {
    range,
    cursor: at,
    setCursor,
    onPointerDown: (event) => {
      if (event.button === 0 && count > 0) {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ anchor: place(event), head: place(event), keyboard: false });
      }
    },
    onPointerMove: (event) => {
      if (drag && !drag.keyboard) {
        setDrag({ ...drag, head: place(event) });
      }
    },
    onPointerUp: (event) => {
      if (drag && !drag.keyboard) {
        setDrag(null);
        choose(rangeOf(drag.anchor, place(event)));
      }
    },
    onPointerCancel: () => setDrag(null),
    onKeyDown: (event) => {
      const step = STEPS[event.key];
      if (step) {
        event.preventDefault();
        const next = Math.min(count - 1, Math.max(0, step(at, count)));
        setDrag(event.shiftKey ? { anchor: drag?.anchor ?? at, head: next, keyboard: true } : null);
        setCursor(next);
        focusBar(next);
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        setDrag(null);
        choose(range ?? { first: at, last: at });
      } else if (event.key === "Escape" && drag) {
        event.preventDefault();
        event.stopPropagation();
        setDrag(null);
      }
    },
  };
}
