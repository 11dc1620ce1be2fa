import { useSyncExternalStore } from "react";

const query = window.matchMedia("(width < 640px)");
const wideQuery = window.matchMedia("(width >= 1200px)");
const roomyQuery = window.matchMedia("(width >= 1760px)");

function subscribeTo(media: MediaQueryList) {
  return (listener: () => void) => {
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  };
}

const onNarrow = subscribeTo(query);
const onWide = subscribeTo(wideQuery);
const onRoomy = subscribeTo(roomyQuery);

/** Whether there is room for two lines a row alone. */
export function useNarrow(): boolean {
  return useSyncExternalStore(onNarrow, () => query.matches);
}

/** Whether the filter panel may stand open beside the list. */
export function useWide(): boolean {
  return useSyncExternalStore(onWide, () => wideQuery.matches);
}

/** Whether list, details and filter may stand side by side. */
export function useRoomy(): boolean {
  return useSyncExternalStore(onRoomy, () => roomyQuery.matches);
}
