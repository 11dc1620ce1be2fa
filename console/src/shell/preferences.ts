import { useSyncExternalStore } from "react";
import type { ZoneChoice } from "../kit/clock";
import type { Language } from "../words/languages";

/** What a reader chose for this browser. It stays here: the server keeps nothing about how somebody likes to look. */
export interface Preferences {
  language?: Language;
  theme: "system" | "light" | "dark";
  density: "compact" | "normal" | "roomy";
  singleKeys: boolean;
  zone: ZoneChoice;
  folded: boolean;
}

const name = "usertrail.preferences";
const initial: Preferences = { theme: "system", density: "normal", singleKeys: true, zone: "tenant", folded: false };

const oneOf = <T extends string>(value: unknown, ...valid: readonly T[]): T | undefined =>
  valid.find((other) => other === value);

/** What is stored may be of any version, or somebody else's. */
export function parse(text: string | null): Preferences {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? "{}");
  } catch {
    stored = {};
  }
  const own: Record<string, unknown> = typeof stored === "object" && stored !== null ? { ...stored } : {};
  const language = oneOf(own["language"], "en", "ru", "cs");
  return {
    ...(language === undefined ? {} : { language }),
    theme: oneOf(own["theme"], "light", "dark") ?? initial.theme,
    density: oneOf(own["density"], "compact", "roomy") ?? initial.density,
    singleKeys: own["singleKeys"] !== false,
    zone: oneOf(own["zone"], "own", "utc") ?? initial.zone,
    folded: own["folded"] === true,
  };
}

let current = parse(localStorage.getItem(name));
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function preferences(): Preferences {
  return current;
}

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(name, JSON.stringify(current));
  dress();
  listeners.forEach((listener) => listener());
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

/** Theme and density are the document's, so that no component needs to know them. */
export function dress(): void {
  const { dataset } = document.documentElement;
  if (current.theme === "system") {
    delete dataset["theme"];
  } else {
    dataset["theme"] = current.theme;
  }
  dataset["density"] = current.density;
}
