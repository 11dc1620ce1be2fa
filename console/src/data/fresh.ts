import { useSyncExternalStore } from "react";

/** Up to when the latest answer was complete: undefined before any, null where the server does not know. */
let until: string | null | undefined;
const listeners = new Set<() => void>();

export function noteFresh(completeUntil: string | null | undefined): void {
  if (completeUntil !== undefined && completeUntil !== until) {
    until = completeUntil;
    listeners.forEach((listener) => listener());
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useFresh(): string | null | undefined {
  return useSyncExternalStore(subscribe, () => until);
}
