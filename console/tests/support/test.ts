/** The test that everything here is written with: a browser that is watched, and the words of its language. */
import { type BrowserContext, expect, type Page, test as base } from "@playwright/test";
import { up } from "./api";
import { signIn } from "./session";
import { type Watch, watch } from "./watch";
import { type Language, type Translate, wordsOf } from "./words";

export { expect, type BrowserContext, type Page };

interface Fixtures {
  /** Of the browser, and so of the console. */
  language: Language;
  t: Translate;
  /** What pages may not do is collected here, and fails the test in the end. */
  watched: Watch;
  /** Opens a page as whoever has a key. */
  open: (key: string, path: string) => Promise<void>;
}

const locales: Record<Language, string> = { en: "en-GB", ru: "ru-RU", cs: "cs-CZ" };

export const test = base.extend<Fixtures>({
  language: ["en", { option: true }],
  locale: async ({ language }, use) => use(locales[language]),
  baseURL: async ({}, use) => use(up().base),
  t: async ({ language }, use) => use(wordsOf(language)),
  watched: [
    async ({ context }, use) => {
      const watching = watch(context, up().base);
      await use(watching);
      expect(watching.seen, "what a page may never do").toEqual([]);
    },
    { auto: true },
  ],
  open: async ({ page, context }, use) => {
    await use(async (key, path) => {
      await signIn(context, key);
      await page.goto(path);
    });
  },
});

/** Another browser, of another person or of the same one elsewhere; it is watched as well. */
export async function another(page: Page, watched: Watch, language: Language, key: string): Promise<Page> {
  const browser = page.context().browser();
  if (browser === null) {
    throw new Error("the page has no browser");
  }
  const context = await browser.newContext({ locale: locales[language], baseURL: up().base });
  const other = watch(context, up().base);
  context.on("close", () => watched.seen.push(...other.seen));
  await signIn(context, key);
  return context.newPage();
}
