/** Every page of the console, with something on it. */
import { expect, type Page } from "@playwright/test";
import { LUCIE, type Showcase } from "./stories/showcase";
import type { Translate, WordKey } from "./words";

export interface Visit {
  name: string;
  /** Where it is. */
  path: (show: Showcase) => string;
  /** Its heading, where that is a word of the console and no name. */
  heading?: WordKey;
  /** Done once it is open: a dialog, a menu, a drawer. */
  then?: (page: Page, t: Translate) => Promise<void>;
  /** Requests that are refused on purpose. */
  refused?: readonly [number, RegExp];
}

export const visits: readonly Visit[] = [
  { name: "setup", path: () => "/setup", heading: "setup.title" },
  { name: "events", path: () => "/events" },
  { name: "events, filtered", path: () => "/events?actor_id=u-1&period=this_month&class=change,delete&order=asc" },
  { name: "events, none", path: () => "/events?q=nothing-has-these-words" },
  { name: "event in the drawer", path: () => "/events?_event=s-3" },
  { name: "event", path: () => "/events/s-3" },
  { name: "object", path: () => "/objects/order/O-1" },
  { name: "users", path: () => "/users", heading: "users.title" },
  { name: "user", path: () => `/users/${LUCIE.id}` },
  { name: "user, sign-ins", path: () => `/users/${LUCIE.id}/sign-ins` },
  { name: "user, devices", path: () => `/users/${LUCIE.id}/sign-ins?_tab=devices` },
  { name: "user, restrictions", path: () => `/users/${LUCIE.id}/sign-ins?_tab=restrictions` },
  { name: "user, activity", path: () => `/users/${LUCIE.id}/activity` },
  { name: "violations", path: () => "/violations", heading: "violations.title" },
  { name: "violation", path: ({ violation }) => `/violations/${violation}`, heading: "violations.title" },
  { name: "nothing there", path: () => "/nowhere", heading: "shell.title.not_found" },
  {
    name: "help",
    path: () => "/users",
    then: async (page, t) => {
      await page.getByRole("button", { name: t("shell.help") }).click();
      await expect(page.getByRole("dialog", { name: t("shell.shortcuts") })).toBeVisible();
    },
  },
  {
    name: "own menu",
    path: () => "/users",
    then: async (page, t) => {
      await page.getByRole("button", { name: t("shell.menu") }).click();
      await expect(page.getByRole("menuitem", { name: t("shell.sign_out") })).toBeVisible();
    },
  },
];

/** Waits until a page shows what it was opened for: nothing loads, nothing is dimmed. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.waitForLoadState("networkidle");
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}
