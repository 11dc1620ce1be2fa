/** What pages show when something is lacking or fails: each state has its look and its next step. */
import { newTenant } from "../support/api";
import { List } from "../support/list";
import { showcase } from "../support/stories/showcase";
import { expect, test } from "../support/test";

/** C7: nothing matches: the filter in words, and ways on. */
test("an empty answer says why, and offers more", async ({ page, open, t }) => {
  const { tenant } = await showcase();
  const key = await tenant.key("viewer");
  const list = new List(page, t);
  await open(key.secret, "/events?period=today&q=nothing-has-these-words");
  await expect(page.getByText(t("list.empty_filtered"), { exact: true })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("nothing-has-these-words");
  await page.getByRole("button", { name: t("list.without_filter", { name: t("events.filter.words") }) }).click();
  await expect(list.rows.first()).toBeVisible();
});

/** C7, C4: nothing ever came: the way to the first event. */
test("a log without events leads to the first one", async ({ page, open, t }) => {
  const tenant = await newTenant("Quite new");
  const key = await tenant.key("admin");
  await open(key.secret, "/events?actor_kind=user");
  await page
    .getByRole("button", { name: t("list.without_filter", { name: t("events.filter.kind") }) })
    .or(page.getByRole("link", { name: t("events.to_setup") }))
    .first()
    .click();
  await expect(page.getByRole("main")).toBeVisible();
});

/** C7: a server that fails is said by its code, once, with a way to try again; the rest of the page stays. */
test("a failed answer can be asked for again", async ({ page, open, watched, t }) => {
  const { tenant } = await showcase();
  const key = await tenant.key("viewer");
  const list = new List(page, t);
  watched.expect(500, /\/v1\/events/);
  let fails = true;
  await page.route(/\/v1\/events\?/, async (route) =>
    fails
      ? route.fulfill({
          status: 500,
          contentType: "application/problem+json",
          body: JSON.stringify({
            type: "about:blank",
            title: "Internal",
            status: 500,
            code: "internal",
            detail: "It broke",
          }),
        })
      : route.continue(),
  );
  await open(key.secret, "/events");
  await expect(page.getByRole("alert")).toContainText(t("problems.internal"));
  await expect(page.getByRole("navigation")).toBeVisible();
  fails = false;
  await page
    .getByRole("alert")
    .getByRole("button", { name: t("common.retry") })
    .click();
  await expect(list.rows.first()).toBeVisible();
});

/** C7: too much asked of a tenant waits as long as the server says, in sight, and then goes on by itself. */
test("a busy server is waited for, with a countdown", async ({ page, open, watched, t }) => {
  const { tenant } = await showcase();
  const key = await tenant.key("viewer");
  const list = new List(page, t);
  watched.expect(429, /\/v1\/users/);
  let refusals = 1;
  await page.route(/\/v1\/users\?/, async (route) => {
    refusals -= 1;
    await (refusals >= 0
      ? route.fulfill({
          status: 429,
          headers: { "retry-after": "2" },
          contentType: "application/problem+json",
          body: JSON.stringify({ type: "about:blank", title: "Too many", status: 429, code: "rate_limited" }),
        })
      : route.continue());
  });
  await open(key.secret, "/users");
  await expect(
    page.getByText(t("shell.busy", { seconds: 2 })).or(page.getByText(t("shell.busy", { seconds: 1 }))),
  ).toBeVisible();
  await expect(list.rows.first()).toBeVisible();
});

/** C9: the zone of times is the reader's to choose; what a day is stays the tenant's, and is named. */
test("times are shown in another zone, periods are not", async ({ page, open, t }) => {
  const { tenant } = await showcase();
  const key = await tenant.key("viewer");
  const list = new List(page, t);
  await open(key.secret, "/events?period=this_month&actor_kind=user");
  const before = await list.column(t("events.time"));
  const meta = await page.getByRole("banner").or(page.getByRole("main")).first().innerText();
  await page.getByRole("button", { name: new RegExp(`^${t("shell.zone")}`) }).click();
  await page.getByRole("menuitem", { name: "UTC", exact: true }).click();
  const after = await list.column(t("events.time"));
  expect(after).not.toEqual(before);
  expect(after).toHaveLength(before.length);
  expect(meta).not.toBe("");
  await expect(page.getByRole("main")).toContainText(/Prague|GMT\+[12]|CES?T/);
});

/** C9: the language is changed in the menu, at once and for good; sentences of the server come in it as well. */
test("the language is changed where somebody is", async ({ page, open, t }) => {
  const { tenant } = await showcase();
  const key = await tenant.key("viewer");
  await open(key.secret, "/events?type=order.status_changed");
  await page.getByRole("button", { name: t("shell.menu") }).click();
  await page.getByRole("menuitem", { name: "Čeština" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "cs");
  await expect(
    page
      .getByRole("row")
      .filter({ hasText: /změněn/ })
      .first(),
  ).toBeVisible();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "cs");
});

/** C8: light, dark and what the system has; before the first paint, so that nothing flashes. */
test("the theme is kept, and set before anything is painted", async ({ page, open, t }) => {
  const { tenant } = await showcase();
  const key = await tenant.key("viewer");
  await open(key.secret, "/users");
  const background = async () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: t("shell.menu") }).click();
  await page.getByRole("menuitem", { name: t("shell.theme.dark") }).click();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.goto("/users", { waitUntil: "commit" });
  await page.waitForFunction(() => document.body !== null);
  expect(await background()).toBe(dark);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await background()).toBe(dark);
});
