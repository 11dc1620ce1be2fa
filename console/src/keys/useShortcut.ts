import { useEffect, useRef } from "react";
import { type Handler, type Press, Registry } from "./registry.ts";
import { type ShortcutId } from "./shortcuts.ts";

/** The registry of this page: there is one keyboard. */
export const registry = new Registry();

const TEXT =
  "input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable=true]";
const CONTROL = `button,a[href],summary,[role=button],[role=option],[role=menuitem],[role=tab],[role=checkbox],[role=switch],${TEXT}`;

/** What has the focus, as far as a shortcut needs to know. */
function focusOf(target: EventTarget | null): Press["focus"] {
  if (!(target instanceof Element)) {
    return "page";
  }
  if (target.closest(`${TEXT},[role=combobox],[role=searchbox],[role=textbox],[role=spinbutton]`)) {
    return "text";
  }
  if (target.closest("[data-keys-act]")) {
    return "act";
  }
  return target.closest(CONTROL) ? "control" : "page";
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) {
    return;
  }
  const { key, code, ctrlKey, metaKey, altKey, shiftKey, repeat, isComposing } = event;
  const focus = focusOf(event.target);
  if (registry.press({ key, code, ctrlKey, metaKey, altKey, shiftKey, repeat, isComposing, focus }, event.timeStamp)) {
    event.preventDefault();
  }
}

/** Listens until the answer is called; the shell does so once. */
export function listen(): () => void {
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

/** Has a handler for a shortcut while the component is there and `enabled`. */
export function useShortcut(id: ShortcutId, handler: Handler, enabled = true): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => (enabled ? registry.add(id, () => latest.current()) : undefined), [id, enabled]);
}
