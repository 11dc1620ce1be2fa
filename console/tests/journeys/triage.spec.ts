/** Sixty violations, looked at one by one and by the lot. */
import type { Tenant } from "../support/api";
import { ALL, HIGH, triage, unreviewed } from "../support/stories/triage";
import { expect, type Page, test } from "../support/test";

test.use({ language: "cs" });

const counted = async (tenant: Tenant, left: number): Promise<void> => {
  await expect.poll(async () => unreviewed(tenant)).toBe(left);
};

const rows = (page: Page, name: string) => page.getByRole("region", { name, exact: true }).getByRole("listitem");

/** C12, K12–K15: what is shown adds up; one review with its note, five at once, all that match; what can be undone is. */
test("sixty violations are reviewed, and taken back", async ({ page, open, t }) => {
  const tenant = await triage();
  const key = await tenant.key("security", "Bezpečnost");
  await open(key.secret, "/violations?_group=none");
  await expect(page.getByRole("heading", { level: 1, name: t("violations.title") })).toBeVisible();
  await expect(page.getByText(t("violations.count", { count: ALL }), { exact: true })).toBeVisible();
  const inbox = page.getByRole("region", { name: t("violations.inbox"), exact: true });
  const list = rows(page, t("violations.inbox"));
  await expect(list).toHaveCount(ALL);
  await expect(list.filter({ hasText: t("common.level.high") })).toHaveCount(HIGH);

  // One: the sentence with the limit and what was seen, why, and on to the next.
  await list
    .filter({ hasText: t("common.level.medium") })
    .first()
    .getByRole("link")
    .click();
  const detail = page.getByRole("region", { name: t("violations.detail"), exact: true });
  await expect(detail.getByRole("heading", { level: 2 })).toBeVisible();
  await expect(detail).toContainText(new Intl.NumberFormat("cs").format(1000));
  await expect(detail.getByText(t("violations.holds")).first()).toBeAttached();
  const first = page.url();
  await detail.getByLabel(t("violations.note")).fill("Pravidelný export, domluveno");
  await detail.getByRole("button", { name: t("violations.review_next") }).click();
  await expect(page).not.toHaveURL(first);
  await counted(tenant, ALL - 1);
  await page.goto(first);
  await expect(detail).toContainText("Pravidelný export, domluveno");
  await expect(detail).toContainText("Bezpečnost");

  // Five at once by a range, and back again.
  await page.goto("/violations?_group=none&reviewed=false");
  await expect(list).toHaveCount(ALL - 1);
  await list.nth(0).getByRole("checkbox").click({ force: true });
  await list
    .nth(4)
    .getByRole("checkbox")
    .click({ force: true, modifiers: ["Shift"] });
  await expect(inbox).toContainText(t("violations.chosen", { count: 5 }));
  await inbox.getByRole("button", { name: t("violations.bulk_review") }).click();
  await expect(page.getByText(t("violations.done_many", { count: 5 }))).toBeVisible();
  await counted(tenant, ALL - 6);
  await page.getByRole("button", { name: t("violations.undo") }).click();
  await expect(page.getByText(t("violations.undone_many", { count: 5 }))).toBeVisible();
  await counted(tenant, ALL - 1);

  // All that match: asked first, with the number, and that it can't be undone at once.
  await page.goto("/violations?_group=none&reviewed=false");
  await list.nth(0).getByRole("checkbox").click({ force: true });
  await inbox.getByRole("button", { name: t("violations.all_matching", { count: ALL - 1 }) }).click();
  await inbox.getByRole("button", { name: t("violations.bulk_review") }).click();
  const question = page.getByRole("alertdialog", { name: t("violations.bulk_title", { count: ALL - 1 }) });
  await expect(question).toContainText(t("violations.bulk_no_undo", { most: 50 }));
  await question.getByLabel(t("violations.note")).fill("Ověřeno hromadně");
  await question.getByRole("button", { name: t("violations.review"), exact: true }).click();
  await expect(page.getByText(t("violations.done_many", { count: ALL - 1 }))).toBeVisible();
  await counted(tenant, 0);
  await page.goto("/violations?reviewed=false");
  await expect(page.getByText(t("violations.empty"), { exact: true })).toBeVisible();
});

/** C8, C12: the inbox by keyboard: on, open, note, review and next, undo, choose a range, to the person. */
test("triage by keyboard alone", async ({ page, open, t }) => {
  const tenant = await triage();
  const key = await tenant.key("security", "Bezpečnost");
  await open(key.secret, "/users");
  const { keyboard } = page;
  await expect(page.getByRole("heading", { level: 1, name: t("users.title") })).toBeVisible();
  await keyboard.press("g");
  await keyboard.press("v");
  const heading = page.getByRole("heading", { level: 1, name: t("violations.title") });
  await expect(heading).toBeFocused();
  const inbox = page.getByRole("region", { name: t("violations.inbox"), exact: true });
  const list = rows(page, t("violations.inbox"));
  await expect(list).toHaveCount(ALL);

  await keyboard.press("j");
  await expect(list.nth(0).getByRole("link")).toBeFocused();
  await keyboard.press("j");
  await expect(list.nth(1).getByRole("link")).toBeFocused();
  await keyboard.press("k");
  await keyboard.press("e");
  await expect(list.nth(1).getByRole("link")).toBeFocused();
  await counted(tenant, ALL - 1);
  await keyboard.press("u");
  await expect(page.getByText(t("violations.undone"), { exact: true })).toBeVisible();
  await counted(tenant, ALL);

  // A note is typed where it belongs; its letters are no shortcuts.
  await keyboard.press("Enter");
  const detail = page.getByRole("region", { name: t("violations.detail"), exact: true });
  await expect(detail.getByRole("heading", { level: 2 })).toBeVisible();
  const opened = page.url();
  await keyboard.press("n");
  await expect(detail.getByLabel(t("violations.note"))).toBeFocused();
  await keyboard.type("euxn: nic z toho není zkratka");
  await keyboard.press("Control+Enter");
  await counted(tenant, ALL - 1);
  await expect(page).not.toHaveURL(opened);

  await page.goto("/violations?_group=none&reviewed=false");
  await expect(list).toHaveCount(ALL - 1);
  await keyboard.press("j");
  await keyboard.press("x");
  await keyboard.press("j");
  await keyboard.press("j");
  await keyboard.press("Shift+X");
  await expect(inbox).toContainText(t("violations.chosen", { count: 3 }));
  await keyboard.press("p");
  await expect(page).toHaveURL(/\/users\/u-\d+\/sign-ins/);
});
