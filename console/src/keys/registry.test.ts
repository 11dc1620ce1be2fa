import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Press, Registry } from "./registry.ts";
import { isSingleKey, SHORTCUT_IDS, SHORTCUTS } from "./shortcuts.ts";

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  focus: "page",
  ...more,
});

describe("the table", () => {
  it("gives no two shortcuts the same keys", () => {
    const keys = SHORTCUT_IDS.flatMap((id) => [...SHORTCUTS[id].keys]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("knows which can be switched off", () => {
    expect(["/", "g e", "Shift+x", "j"].every(isSingleKey)).toBe(true);
    expect(["Ctrl+k", "Escape", "ArrowDown", "Ctrl+Enter"].some(isSingleKey)).toBe(false);
  });
});

describe("the registry", () => {
  let registry: Registry;
  const act = vi.fn();
  beforeEach(() => {
    registry = new Registry();
    act.mockReset();
  });

  it("runs the latest handler that has something to do", () => {
    const below = vi.fn();
    registry.add("close", below);
    const remove = registry.add("close", act);
    expect(registry.press(press("Escape"), 0)).toBe(true);
    expect(below).not.toHaveBeenCalled();
    act.mockReturnValue(false);
    registry.press(press("Escape"), 0);
    expect(below).toHaveBeenCalledOnce();
    remove();
    registry.press(press("Escape"), 0);
    expect(act).toHaveBeenCalledTimes(2);
    expect(below).toHaveBeenCalledTimes(2);
  });

  it("leaves alone what nobody listens to", () => {
    expect(registry.has("follow")).toBe(false);
    expect(registry.press(press("f"), 0)).toBe(false);
  });

  it("never acts while somebody types, but for what takes Ctrl or Escape", () => {
    for (const id of ["search", "nextRow", "goEvents", "apply", "close", "help"] as const) {
      registry.add(id, act);
    }
    for (const key of ["/", "j", "g", "e", "?", "ArrowDown"]) {
      expect(registry.press(press(key, { focus: "text" }), 0)).toBe(false);
    }
    expect(registry.press(press("Enter", { focus: "text", ctrlKey: true }), 0)).toBe(true);
    expect(registry.press(press("Escape", { focus: "text" }), 0)).toBe(true);
    expect(act).toHaveBeenCalledTimes(2);
  });

  it("can have its single keys switched off, and keeps the others", () => {
    registry.add("nextRow", act);
    registry.add("goUsers", act);
    registry.add("apply", act);
    registry.singleKeys = false;
    expect(registry.press(press("j"), 0)).toBe(false);
    registry.press(press("g"), 0);
    expect(registry.press(press("u"), 1)).toBe(false);
    expect(registry.press(press("ArrowDown"), 2)).toBe(true);
    expect(registry.press(press("Enter", { metaKey: true }), 3)).toBe(true);
  });

  it("takes two keys after each other, within a moment", () => {
    registry.add("goEvents", act);
    registry.press(press("g"), 0);
    expect(registry.press(press("e"), 1400)).toBe(true);
    registry.press(press("g"), 5000);
    expect(registry.press(press("e"), 7000)).toBe(false);
    expect(act).toHaveBeenCalledOnce();
  });

  it("prefers the second key of two to the same key alone", () => {
    const review = vi.fn();
    registry.add("review", review);
    registry.add("goEvents", act);
    registry.press(press("g", { focus: "act" }), 0);
    registry.press(press("e", { focus: "act" }), 10);
    expect(act).toHaveBeenCalledOnce();
    expect(review).not.toHaveBeenCalled();
  });

  it("acts on data with a focus that is seen alone, and once a press", () => {
    registry.add("review", act);
    expect(registry.press(press("e"), 0)).toBe(false);
    expect(registry.press(press("e", { focus: "control" }), 0)).toBe(false);
    expect(registry.press(press("e", { focus: "act", repeat: true }), 0)).toBe(false);
    expect(registry.press(press("e", { focus: "act" }), 0)).toBe(true);
    expect(act).toHaveBeenCalledOnce();
  });

  it("leaves Enter and arrows to the control that has the focus", () => {
    registry.add("openRow", act);
    registry.add("nextRow", act);
    expect(registry.press(press("Enter", { focus: "control" }), 0)).toBe(false);
    expect(registry.press(press("ArrowDown", { focus: "control" }), 0)).toBe(false);
    expect(registry.press(press("j", { focus: "control" }), 0)).toBe(true);
  });

  it("goes by the key's place where the layout writes other letters", () => {
    registry.add("nextRow", act);
    registry.add("selectRange", act);
    expect(registry.press(press("о", { code: "KeyJ" }), 0)).toBe(true);
    expect(registry.press(press("Ч", { code: "KeyX", shiftKey: true, focus: "act" }), 0)).toBe(true);
    // On a Latin layout what is written counts: QWERTZ, Dvorak.
    expect(registry.press(press("h", { code: "KeyJ" }), 0)).toBe(false);
  });

  it("ignores what an input method composes, and Alt", () => {
    registry.add("nextRow", act);
    expect(registry.press(press("j", { isComposing: true }), 0)).toBe(false);
    expect(registry.press(press("j", { altKey: true }), 0)).toBe(false);
  });

  it("does not take Ctrl+j for j", () => {
    registry.add("nextRow", act);
    expect(registry.press(press("j", { ctrlKey: true }), 0)).toBe(false);
  });
});
