/** Signing in and out, and what ends a session. */
import { ask, call, newTenant, up } from "../support/api";
import { begin } from "../support/session";
import { expect, test } from "../support/test";

const pages = { key: "Key", wrong: "ut_000000000000_nothing" };

/** C2: the link that `up` printed signs in once, without a key; the second time it leads nowhere. */
test("the link that was printed signs in once", async ({ page, t }) => {
  await page.goto(up().link);
  await expect(page).toHaveURL(/\/events/);
  await expect(page.getByRole("heading", { level: 1, name: t("shell.choose_tenant") })).toBeVisible();
  const cookies = await page.context().cookies();
  expect(cookies).toEqual([
    expect.objectContaining({ name: "usertrail", httpOnly: true, sameSite: "Strict", path: "/" }),
  ]);
  expect(await page.evaluate(() => document.cookie)).toBe("");

  await page.context().clearCookies();
  await page.goto(up().link);
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByRole("alert")).toBeVisible();
});

/** C2, C9: the page for signing in works by keyboard, in three languages; a wrong key is said, a right one leads back. */
test("a key signs in, and leads back to where somebody wanted to go", async ({ page, watched, t }) => {
  const tenant = await newTenant("Acme s.r.o.");
  const viewer = await tenant.key("viewer", "Reception");
  watched.expect(401, /\/v1\/me/);
  watched.expect(401, /\/session/);
  await page.goto("/users?q=jana");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fusers/);

  await page.getByRole("link", { name: "Русский" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "ru");
  await page.getByRole("link", { name: "Čeština" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "cs");
  await page.getByRole("link", { name: "English" }).click();

  const key = page.getByLabel(pages.key);
  await expect(key).toHaveAttribute("autocomplete", "current-password");
  await key.fill(pages.wrong);
  await key.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel(pages.key).fill(viewer.secret);
  await page.getByLabel(pages.key).press("Enter");
  await expect(page).toHaveURL(/\/users\?q=jana/);
  await expect(page.getByRole("heading", { level: 1, name: t("users.title") })).toBeVisible();
});

/** C2: a key that may not read is told so, and gets no session. */
test("a key for sending alone is told that it sees nothing", async ({ page, watched }) => {
  const tenant = await newTenant("Acme s.r.o.");
  watched.expect(403, /\/session/);
  await page.goto("/sign-in");
  await page.getByLabel(pages.key).fill(tenant.sender);
  await page.getByLabel(pages.key).press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
});

/** C2: permissions are looked up at each request, so a revoked key is out at the next click. */
test("a key that is revoked signs out at the next click", async ({ page, open, watched, t }) => {
  const tenant = await newTenant("Acme s.r.o.");
  const key = await tenant.key("viewer", "Gone tomorrow");
  watched.expect(401, /\/v1\//);
  await open(key.secret, "/users");
  await expect(page.getByRole("heading", { level: 1, name: t("users.title") })).toBeVisible();
  await call(up().admin, `/v1/tenants/${tenant.id}/keys/${key.id}`, { method: "DELETE" });
  await page
    .getByRole("navigation")
    .getByRole("link", { name: t("shell.nav.events") })
    .click();
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fevents/);
});

/** C2: signing out ends every copy of the cookie; the log has both ends of the session. */
test("signing out ends the session everywhere", async ({ page, context, t }) => {
  const tenant = await newTenant("Acme s.r.o.");
  const key = await tenant.key("admin", "Front desk");
  const cookie = await begin(key.secret);
  await context.addCookies([{ ...cookie, url: up().base, httpOnly: true, sameSite: "Strict" }]);
  await page.goto("/setup");
  await page.getByRole("button", { name: t("shell.menu") }).click();
  await page.getByRole("menuitem", { name: t("shell.sign_out") }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  const copy = await fetch(`${up().base}/v1/me`, {
    headers: { cookie: `${cookie.name}=${cookie.value}`, "sec-fetch-site": "same-origin" },
  });
  expect(copy.status).toBe(401);
  await expect
    .poll(async () => {
      const { body } = await ask<{ data: { type: string }[] }>(
        up().admin,
        `/v1/events?tenant=${tenant.id}&category=sign_ins`,
      );
      return body.data.map(({ type }) => type).sort();
    })
    .toEqual(["console.signed_in", "console.signed_out"]);
});

/** C2: what another site has a browser send with the cookie is refused, reads as well. */
test("other sites get nothing by the cookie", async () => {
  const tenant = await newTenant("Acme s.r.o.");
  const key = await tenant.key("viewer");
  const { name, value } = await begin(key.secret);
  const asked = async (site: string) =>
    (await fetch(`${up().base}/v1/me`, { headers: { cookie: `${name}=${value}`, "sec-fetch-site": site } })).status;
  expect(await asked("same-origin")).toBe(200);
  expect(await asked("same-site")).toBe(403);
  expect(await asked("cross-site")).toBe(403);
});
