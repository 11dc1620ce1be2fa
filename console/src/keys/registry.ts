/**
 * Which handler a key press reaches. One listener serves the page; the handler that was registered last is asked first, so a
 * dialog goes before the list below it.
 */
import { isSingleKey, SHORTCUT_IDS, SHORTCUTS, type Shortcut, type ShortcutId } from "./shortcuts.ts";

/** What a press is judged by: a part of `KeyboardEvent`. */
export interface Press {
  key: string;
  /** The key's place, which is the same in every layout: `KeyE`. */
  code?: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat?: boolean;
  isComposing?: boolean;
  /** Where the focus is. */
  focus: "page" | "control" | "act" | "text";
}

/** Does what the key is for. `false` says that there was nothing to do, and the next handler is asked. */
export type Handler = () => boolean | void;

/** How long the second key of `g e` may take. */
const SEQUENCE_MS = 1500;

/** Names of a press: by what it writes, and by the key's place, since `e` on a Russian keyboard writes `у`. */
function namesOf(press: Press): string[] {
  const prefix = press.ctrlKey || press.metaKey ? "Ctrl+" : "";
  const names = [`${prefix}${press.key.length === 1 ? press.key.toLowerCase() : press.key}`];
  const letter = /^Key([A-Z])$/.exec(press.code ?? "")?.[1]?.toLowerCase();
  if (letter !== undefined && !/^[a-z]$/i.test(press.key)) {
    names.unshift(`${prefix}${letter}`);
  }
  const shifted = press.shiftKey && /[\p{L}]/u.test(press.key) && press.key.length === 1;
  return shifted ? names.map((name) => `Shift+${name}`) : names;
}

/** The registry of a page. */
export class Registry {
  /** Whether keys without Ctrl act at all (WCAG 2.1.4). */
  singleKeys = true;
  #handlers = new Map<ShortcutId, Handler[]>();
  #first: { key: string; at: number } | undefined;

  /** Adds a handler; what it answers removes it. */
  add(id: ShortcutId, handler: Handler): () => void {
    const own = this.#handlers.get(id) ?? [];
    this.#handlers.set(id, [handler, ...own]);
    return () => {
      this.#handlers.set(
        id,
        (this.#handlers.get(id) ?? []).filter((other) => other !== handler),
      );
    };
  }

  /** Whether anything on the page listens to a shortcut: the help greys the others. */
  has(id: ShortcutId): boolean {
    return (this.#handlers.get(id)?.length ?? 0) > 0;
  }

  /** Whether a press was taken. */
  press(press: Press, now: number): boolean {
    if (press.isComposing === true || press.altKey) {
      return false;
    }
    const names = namesOf(press);
    const begun = this.#first !== undefined && now - this.#first.at <= SEQUENCE_MS ? this.#first.key : undefined;
    this.#first = undefined;
    if (begun !== undefined && names.some((name) => this.#run(`${begun} ${name}`, press))) {
      return true;
    }
    if (names.some((name) => this.#run(name, press))) {
      return true;
    }
    const start = names.find((name) => this.#begins(name, press));
    if (start !== undefined) {
      this.#first = { key: start, at: now };
    }
    return false;
  }

  #begins(name: string, press: Press): boolean {
    return (
      this.singleKeys &&
      press.focus !== "text" &&
      SHORTCUT_IDS.some((id) => SHORTCUTS[id].keys.some((keys) => keys.startsWith(`${name} `)))
    );
  }

  #run(name: string, press: Press): boolean {
    for (const id of SHORTCUT_IDS) {
      const shortcut: Shortcut = SHORTCUTS[id];
      if (shortcut.keys.includes(name) && this.#permits(shortcut, name, press)) {
        for (const handler of this.#handlers.get(id) ?? []) {
          if (handler() !== false) {
            return true;
          }
        }
      }
    }
    return false;
  }

  #permits(shortcut: Shortcut, keys: string, press: Press): boolean {
    if (press.repeat === true && shortcut.acts === true) {
      return false;
    }
    if (shortcut.acts === true && press.focus !== "act") {
      return false;
    }
    if (isSingleKey(keys)) {
      return this.singleKeys && press.focus !== "text";
    }
    // Arrows and Enter belong to the control that has the focus, Escape and Ctrl+… to the page.
    const own = keys === "Enter" || keys.startsWith("Arrow");
    return !own || press.focus === "page" || press.focus === "act";
  }
}
