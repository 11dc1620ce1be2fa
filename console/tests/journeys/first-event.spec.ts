/** From nothing to the first event, as a developer who has just got a tenant lives it. */
import { ask, bareTenant } from "../support/api";
import { press } from "../support/keys";
import { expect, test } from "../support/test";

test.use({ language: "cs" });

/** C4, L1, L2, L3: logging on with its retention, a key shown once, a refusal with its reason, the event, the user. */
test("the first event arrives, and the page turns by itself", async ({ page, open, t }) => {
  const tenant = await bareTenant("Nová firma a.s.", { logging: false, time_zone: "Europe/Prague" });
  const admin = await tenant.key("admin", "Vývojář");
  await open(admin.secret, "/setup");
  await expect(page.getByRole("heading", { level: 1, name: t("setup.title") })).toBeVisible();
  const step = (index: number) =>
    page
      .getByRole("list", { name: t("setup.steps") })
      .locator("> li")
      .nth(index);
  await expect(step(0)).toHaveAttribute("aria-current", "step");

  // Retention is chosen first; then recording begins.
  await step(0)
    .getByRole("button", { name: t("setup.logging.keep") })
    .click();
  await page.getByRole("option", { name: t("setup.logging.days", { days: 180 }) }).click();
  await step(0)
    .getByRole("button", { name: t("setup.logging.turn_on") })
    .click();
  await expect(step(0).getByRole("heading", { name: t("setup.logging") })).toBeVisible();
  const kept = await tenant.read<{ views: number; sign_ins: number }>("/v1/settings/retention");
  expect([kept.views, kept.sign_ins]).toEqual([180, 180]);

  await step(1).getByLabel(t("setup.key.name")).fill("Objednávky");
  await step(1)
    .getByRole("button", { name: t("setup.key.make"), exact: true })
    .click();
  const secret = await step(1).locator("code", { hasText: /^ut_/ }).innerText();
  await expect(step(1)).toContainText(t("setup.key.once"));

  // What is pasted has the real address and the real key.
  await expect(step(2).locator("pre")).toContainText(secret);
  await expect(step(2).locator("pre")).toContainText(new URL(page.url()).origin);
  await expect(step(2)).toContainText(t("setup.event.waiting"));

  // Something that is refused is said with its place and reason, without a click.
  const refused = await ask(secret, "/v1/events", {
    method: "POST",
    body: { type: "deal.viewed", occurred_at: "včera", actor: { id: "u-1" } },
  });
  expect(refused.status).toBeGreaterThanOrEqual(200);
  await expect(step(2).getByRole("heading", { name: t("setup.refused") })).toBeVisible();
  await expect(step(2)).toContainText("/occurred_at");
  await expect(step(2)).toContainText(t("setup.code.invalid_time"));

  await step(2)
    .getByRole("button", { name: t("setup.event.test") })
    .click();
  await expect(step(2)).toContainText(t("setup.event.test_sent"));
  await expect(step(2).getByRole("heading", { name: t("setup.event") })).toBeVisible();
  await expect(step(3).getByRole("heading", { name: t("setup.user") })).toBeVisible();
  await expect(step(3)).toContainText("Ann Lee");

  await step(3)
    .getByRole("link", { name: t("setup.user.open") })
    .click();
  await expect(page).toHaveURL(/\/users/);
  await expect(page.getByRole("link", { name: /Ann Lee/ }).first()).toBeVisible();
});

/** C8: the same by keyboard alone. */
test("the first event, by keyboard alone", async ({ page, open, t }) => {
  const tenant = await bareTenant("Nová firma a.s.", { logging: false, time_zone: "Europe/Prague" });
  const admin = await tenant.key("admin", "Vývojář");
  await open(admin.secret, "/setup");
  const to = async (name: string) => press(page, page.getByRole("button", { name, exact: true }));
  await to(t("setup.logging.turn_on"));
  await expect(page.getByRole("heading", { name: t("setup.logging") })).toBeVisible();
  await to(t("setup.key.make"));
  await expect(page.getByText(t("setup.key.once"))).toBeVisible();
  await to(t("setup.event.test"));
  await expect(page.getByRole("heading", { name: t("setup.event") })).toBeVisible();
  await expect(page.getByRole("heading", { name: t("setup.user") })).toBeVisible();
});
