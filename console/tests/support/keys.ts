/** A person without a mouse: Tab until what is looked for has the focus. */
import { expect, type Locator, type Page } from "@playwright/test";

/** Goes on by Tab until something has the focus. */
export async function reach(page: Page, aim: Locator): Promise<void> {
  await expect(aim).toBeVisible();
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(aim).toBeFocused({ timeout: 30 });
  }).toPass({ intervals: [0], timeout: 30_000 });
}

/** The same, and presses it. */
export async function press(page: Page, aim: Locator, key = "Enter"): Promise<void> {
  await reach(page, aim);
  await page.keyboard.press(key);
}
