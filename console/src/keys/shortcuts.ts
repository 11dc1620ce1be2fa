/** All shortcuts of the console, in one table: what `?` lists is what works. */

/** Where a shortcut is of use; the help groups by it. */
export type Scope = "everywhere" | "list" | "triage";

/** A shortcut. */
export interface Shortcut {
  /** The keys of one press, `Ctrl+Enter` or `Shift+x`, or of two after each other, `g e`. */
  keys: readonly string[];
  scope: Scope;
  /** Acts on data: then it needs a focus that is seen inside an element marked `data-keys-act`. */
  acts?: true;
}

/** What can be done by a key. */
export const SHORTCUTS = {
  search: { keys: ["/"], scope: "everywhere" },
  help: { keys: ["?"], scope: "everywhere" },
  close: { keys: ["Escape"], scope: "everywhere" },
  zone: { keys: ["z"], scope: "everywhere" },
  density: { keys: ["d"], scope: "everywhere" },
  copyLink: { keys: ["y"], scope: "everywhere" },
  goEvents: { keys: ["g e"], scope: "everywhere" },
  goUsers: { keys: ["g u"], scope: "everywhere" },
  goViolations: { keys: ["g v"], scope: "everywhere" },
  apply: { keys: ["Ctrl+Enter"], scope: "list" },
  nextRow: { keys: ["j", "ArrowDown"], scope: "list" },
  previousRow: { keys: ["k", "ArrowUp"], scope: "list" },
  openRow: { keys: ["Enter"], scope: "list" },
  openObject: { keys: ["o"], scope: "list" },
  previousPeriod: { keys: ["["], scope: "list" },
  nextPeriod: { keys: ["]"], scope: "list" },
  follow: { keys: ["f"], scope: "list" },
  period: { keys: ["t"], scope: "list" },
  columns: { keys: ["c"], scope: "list" },
  review: { keys: ["e"], scope: "triage", acts: true },
  note: { keys: ["n"], scope: "triage", acts: true },
  undo: { keys: ["u"], scope: "triage", acts: true },
  select: { keys: ["x"], scope: "triage", acts: true },
  selectRange: { keys: ["Shift+x"], scope: "triage", acts: true },
  block: { keys: ["b"], scope: "triage", acts: true },
  openPerson: { keys: ["p"], scope: "triage", acts: true },
} as const satisfies Record<string, Shortcut>;

/** Names of the shortcuts. */
export type ShortcutId = keyof typeof SHORTCUTS;

/** All names, in the order of the help. */
export const SHORTCUT_IDS = Object.keys(SHORTCUTS).filter((id): id is ShortcutId => id in SHORTCUTS);

/** Whether its keys are one or two plain characters: these can be switched off, and never act while somebody types. */
export function isSingleKey(keys: string): boolean {
  return keys.split(" ").every((key) => [...key].length === 1 || /^Shift\+.$/u.test(key));
}
