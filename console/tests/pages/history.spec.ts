/** The address is the state: back and forward lead through what was looked at. */
import type { Key } from "../support/api";
import { List } from "../support/list";
import { LUCIE, type Showcase, showcase } from "../support/stories/showcase";
import { expect, type Page, test } from "../support/test";

let show: Showcase;
let key: Key;
test.beforeAll(async () => {
  show = await showcase();
  key = await show.tenant.key("admin");
});

interface Seen {
  url: string;
  heading: string;
}

const seen = async (page: Page): Promise<Seen> => {
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toBeVisible();
  return { url: page.url(), heading: await heading.innerText() };
};

/** C5, C6: ten steps there, ten back, ten there again; each shows what it showed. */
test("back and forward over ten steps", async ({ page, open, t }) => {
  const list = new List(page, t);
  const nav = async (name: string) => page.getByRole("navigation").getByRole("link", { name }).click();
  const time = page.getByRole("columnheader", { name: t("events.time") }).getByRole("button");
  const steps: (() => Promise<void>)[] = [
    async () => {
      await list.check(t("common.class.delete"));
      await list.apply();
    },
    async () => time.click(),
    async () => list.chips.getByRole("button").first().click(),
    async () => {
      await list.select(t("list.period"), t("time.last_30_days"));
      await list.apply();
    },
    async () => nav(t("shell.nav.users")),
    async () => {
      await list.fill(t("users.q"), "lucie");
      await list.apply();
    },
    async () => list.table.getByRole("link", { name: LUCIE.name }).first().click(),
    async () => page.getByRole("tab", { name: t("user.tab.activity") }).click(),
    async () => nav(t("shell.nav.violations")),
    async () => nav(t("shell.nav.events")),
  ];
  await open(key.secret, "/events?actor_kind=user");
  await list.settled();
  const all = [await seen(page)];
  for (const [index, step] of steps.entries()) {
    const before = page.url();
    await step();
    await expect(page, `step ${index + 1}`).not.toHaveURL(before);
    all.push(await seen(page));
  }
  for (const expected of [...all].reverse().slice(1)) {
    await page.goBack();
    await expect(page).toHaveURL(expected.url);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(expected.heading);
  }
  await expect(list.chips).toContainText(t("common.kind.user"));
  for (const expected of all.slice(1)) {
    await page.goForward();
    await expect(page).toHaveURL(expected.url);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(expected.heading);
  }
});

/** C5: the open row and the columns are in the address, and are no steps. */
test("the open row is no step", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(key.secret, "/users");
  await expect(page.getByRole("heading", { level: 1, name: t("users.title") })).toBeVisible();
  await page
    .getByRole("navigation")
    .getByRole("link", { name: t("shell.nav.events") })
    .click();
  await list.settled();
  await list.rows.first().getByRole("cell").nth(2).click();
  await expect(page).toHaveURL(/_event=/);
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/_event=/);
  await page.goBack();
  await expect(page).toHaveURL(/\/users$/);
});

/** C5: what nobody understands in an address costs that part alone. */
test("a bad value in an address is said, and nothing breaks", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(key.secret, "/events?period=foo&class=delete&nothing=1");
  await list.settled();
  await expect(list.chips).toContainText("period=foo");
  await expect(list.chips).toContainText("nothing=1");
  await expect(list.chips).toContainText(t("common.class.delete"));
});
