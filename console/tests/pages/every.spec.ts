/** What holds on every page, in each language and theme. */
import { findings } from "../support/axe";
import { type Showcase, showcase } from "../support/stories/showcase";
import { expect, test } from "../support/test";
import { settled, visits } from "../support/visits";
import { foreign, heard } from "../support/said";
import type { Language } from "../support/words";

const languages: readonly Language[] = ["en", "ru", "cs"];

for (const language of languages) {
  test.describe(`pages in ${language}`, () => {
    test.use({ language });
    test.describe.configure({ mode: "parallel" });
    let show: Showcase;
    let key: string;
    test.beforeAll(async () => {
      show = await showcase();
      key = (await show.tenant.key("admin", "Vedoucí")).secret;
    });

    for (const visit of visits) {
      /** C1, C8, C9: no finding of axe by light and by night, no word of another language, no scrolling sideways at 320 px. */
      test(visit.name, async ({ page, open, watched, t }) => {
        if (visit.refused !== undefined) {
          watched.expect(...visit.refused);
        }
        const answers = heard(page);
        await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
        await open(key, visit.path(show));
        await settled(page);
        if (visit.heading !== undefined) {
          await expect(page.getByRole("heading", { level: 1, name: t(visit.heading) })).toBeVisible();
        }
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await visit.then?.(page, t);

        expect.soft(await findings(page), "axe, light").toEqual([]);
        await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
        expect.soft(await findings(page), "axe, dark").toEqual([]);
        expect.soft(await foreign(page, language, answers), "words of another language, or of none").toEqual([]);
        expect.soft(answers.languages, "what the server was asked in").toEqual(new Set([language]));

        await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce", forcedColors: "active" });
        await expect.soft(page.locator("h1")).toBeVisible();
        await page.emulateMedia({ forcedColors: "none" });

        await page.setViewportSize({ width: 320, height: 800 });
        await expect
          .poll(
            async () => page.evaluate(() => document.documentElement.scrollWidth),
            "at 320 px nothing is beside the page",
          )
          .toBeLessThanOrEqual(320);
        expect.soft(await findings(page), "axe, 320 px").toEqual([]);
      });
    }
  });
}
