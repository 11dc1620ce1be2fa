import { useSyncExternalStore } from "react";

const heights: Record<string, number> = { compact: 28, normal: 36, roomy: 44 };

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-density"] });
  return () => observer.disconnect();
}

/** The height of a row in px, as the density chosen for the document has it: the virtual table has to know it. */
export function useRowHeight(narrow: boolean): number {
  const density = useSyncExternalStore(subscribe, () => document.documentElement.dataset["density"] ?? "normal");
  return narrow ? 60 : (heights[density] ?? 36);
}
