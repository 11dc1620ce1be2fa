/** The sign-in log of a course platform, in Russian, by the terms that its staff use. */
import { ask, call, type Key, type Tenant } from "../support/api";
import { press, reach } from "../support/keys";
import { List } from "../support/list";
import { courses, HOME, LIMIT, marks, MARIA, OLEG, SHARED, VERA } from "../support/stories/courses";
import { another, expect, type Page, test } from "../support/test";

test.use({ language: "ru" });

let tenant: Tenant;
let security: Key;

test.beforeEach(async () => {
  tenant = await courses();
  security = await tenant.key("security", "Служба безопасности");
});

const mark = (page: Page) =>
  page.getByRole("link", { name: new RegExp(`^${MARIA.name}: 1 нерассмотренное нарушение`) });
const tab = (page: Page, name: string) => page.getByRole("tab", { name: new RegExp(`^${name}`) });

/** K2–K5, K8: found by e-mail, marked in the column of the last activity; the mark leads to the sign-in log. */
test("who broke a restriction is marked, and the mark leads to the log", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(security.secret, "/users");
  await expect(page.getByRole("columnheader", { name: "Последняя активность" })).toBeVisible();
  await expect(list.rows).toHaveCount(2);
  await list.fill(t("users.q"), MARIA.email);
  await list.apply();
  await expect(page).toHaveURL(/\?q=maria/);
  await expect(list.rows).toHaveCount(1);
  await expect(list.rows).toContainText(MARIA.name);
  await mark(page).click();
  await expect(page).toHaveURL(new RegExp(`/users/${MARIA.id}/sign-ins`));
  await expect(page.getByRole("heading", { level: 1, name: MARIA.name })).toBeVisible();
  for (const name of ["История входов", "Устройства", "История ограничений"]) {
    await expect(tab(page, name).last()).toBeVisible();
  }

  // Who left is found where that is asked for.
  await page.goto("/users");
  await list.panel.getByRole("switch", { name: t("users.include_deactivated") }).click({ force: true });
  await list.apply();
  await expect(list.rows.filter({ hasText: VERA.name })).toContainText(t("users.deactivated"));
});

/** K1, K7: each sign-in with its session, the last activity in it, device, browser, system, address and place. */
test("the history of sign-ins has what there is to know", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(security.secret, `/users/${MARIA.id}/sign-ins`);
  await expect(list.rows).toHaveCount(4);
  expect(await list.column("Браузер")).toEqual(
    expect.arrayContaining([expect.stringMatching(/Chrome/), expect.stringMatching(/Firefox/)]),
  );
  expect(await list.column("Система")).toEqual(expect.arrayContaining([expect.stringMatching(/Windows/)]));
  expect(await list.column("IP-адрес")).toEqual(expect.arrayContaining(["1.1.1.1", "8.8.8.8"]));
  expect(await list.column("Результат")).toEqual(
    expect.arrayContaining([expect.stringMatching(/Успешно/), expect.stringMatching(/Отказано/)]),
  );
  const sessions = await list.column("Сессия");
  expect(sessions.filter((one) => one !== "" && one !== t("user.no_session")).length).toBeGreaterThanOrEqual(3);
  await expect(page.getByRole("link", { name: t("common.db_ip") })).toHaveAttribute("href", /db-ip\.com/);
});

/** K9–K11: two browsers are two devices, and the page says that counts are not certain; one of them is blocked. */
test("one of two devices is blocked, and the platform is told so", async ({ page, open, t }) => {
  const list = new List(page, t);
  const may = async (device: string) =>
    (await call<{ access: string }>(tenant.sender, `/v1/access/check?user_id=${MARIA.id}&device_id=${device}`)).access;
  await open(security.secret, `/users/${MARIA.id}/sign-ins`);
  await tab(page, "Устройства").click();
  await expect(list.rows).toHaveCount(2);
  await expect(page.getByText(t("user.devices_note"))).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Доступ к платформе" })).toBeVisible();
  expect([await may(HOME), await may(SHARED)]).toEqual(["allow", "allow"]);

  const shared = list.rows.filter({ hasText: "Firefox" });
  await shared.getByRole("button", { name: new RegExp(t("user.access.change")) }).click();
  await page.getByRole("menuitem", { name: t("user.access.do.block") }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: t("user.access.do.block") }).click();
  await expect(dialog.getByText(t("user.access.reason_missing"))).toBeVisible();
  await dialog.getByLabel(t("user.access.reason")).fill("Чужой компьютер");
  await dialog.getByRole("button", { name: t("user.access.do.block") }).click();
  await expect(dialog).toHaveCount(0);
  await expect(shared).toContainText(t("user.access.block"));
  await expect(shared).toContainText("Чужой компьютер");
  expect([await may(HOME), await may(SHARED)]).toEqual(["allow", "block"]);

  await shared.getByRole("button", { name: new RegExp(t("user.access.change")) }).click();
  await page.getByRole("menuitem", { name: t("user.access.take_back") }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: t("user.access.take_back") })
    .click();
  await expect(shared).toContainText(t("user.access.allow"));
  expect(await may(SHARED)).toBe("allow");
});

/** K12–K15: each breach with the restriction in force; the mark of having looked changes nothing but the mark. */
test("a breach is marked as looked at, and nothing else changes", async ({ page, open, t }) => {
  const list = new List(page, t);
  const restrictions = async () => tenant.read<unknown>("/v1/settings/detection");
  const before = await restrictions();
  await open(security.secret, `/users/${MARIA.id}/sign-ins?_tab=restrictions`);
  await expect(list.rows).toHaveCount(1);
  await expect(list.rows).toContainText("Слишком много устройств");
  expect(await list.column("Действовавший порог")).toEqual([String(LIMIT)]);
  expect(await list.column("Было")).toEqual(["2"]);
  expect(await list.column("Статус лога")).toEqual([expect.stringContaining("Не рассмотрено")]);
  await expect(page.getByText(t("user.review.note_line"))).toBeVisible();

  await list.rows.getByRole("button", { name: new RegExp(t("user.review.mark")) }).click();
  const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog"));
  await dialog.getByLabel(t("user.review.note")).fill("Дала ноутбук брату");
  await dialog.getByRole("button", { name: t("user.review.mark") }).click();
  await expect(dialog).toHaveCount(0);
  await expect(list.rows).toContainText(t("user.status.reviewed"));
  await expect(list.rows).toContainText("Дала ноутбук брату");
  await expect(list.rows).toContainText("Служба безопасности");
  await expect.poll(async () => marks(tenant, MARIA.id)).toBe(0);
  expect(await restrictions()).toEqual(before);

  await page.goto("/users");
  await expect(list.rows.filter({ hasText: MARIA.name })).toHaveCount(1);
  await expect(mark(page)).toHaveCount(0);
});

/** K6: the checks are switched off for one participant, by somebody, for a reason, until a day; that is an event. */
test("the checks are switched off until a day, on record", async ({ page, open, t }) => {
  await open(security.secret, `/users/${OLEG.id}`);
  const checks = page.getByRole("switch", { name: t("user.checks") });
  await expect(checks).toBeChecked();
  await checks.click({ force: true });
  const dialog = page.getByRole("alertdialog", { name: t("user.checks.turn_off_of", { name: OLEG.name }) });
  await dialog.getByLabel(t("user.checks.reason")).fill("Ездит с командой");
  await dialog.getByRole("button", { name: t("user.checks.expiry") }).click();
  await page.getByRole("option", { name: t("user.checks.days", { days: 30, count: 30 }) }).click();
  await dialog.getByRole("button", { name: t("user.checks.turn_off"), exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(checks).not.toBeChecked();
  await expect(page.getByRole("main")).toContainText("Ездит с командой");
  const { reason, expires_at: ends } = await tenant.read<{ reason: string; expires_at: string }>(
    `/v1/users/${OLEG.id}/exemption`,
  );
  expect(reason).toBe("Ездит с командой");
  expect(Math.round((Date.parse(ends) - Date.now()) / 86_400_000)).toBe(30);
  await expect
    .poll(async () => (await tenant.read<{ data: unknown[] }>("/v1/events?type=exemption.granted")).data.length)
    .toBe(1);
});

/** K16: whoever has no right to the marks finds none, nor anything that they are made of. */
test("a viewer has no marks and no sign-in log", async ({ page, watched, t }) => {
  const viewer = await tenant.key("viewer", "Куратор");
  const other = await another(page, watched, "ru", viewer.secret);
  const list = new List(other, t);
  await other.goto("/users");
  await expect(list.rows.filter({ hasText: MARIA.name })).toHaveCount(1);
  expect(await other.content()).not.toMatch(/нерассмотренн|too-many-devices/i);
  await other.goto(`/users/${MARIA.id}/sign-ins`);
  await expect(
    other
      .getByText(t("shell.no_permission"), { exact: true })
      .or(other.getByRole("heading", { level: 1 }))
      .first(),
  ).toBeVisible();
  await other.waitForLoadState("networkidle");
  expect(await other.content()).not.toMatch(/Слишком много устройств|too-many-devices/i);
  expect((await ask(viewer.secret, `/v1/users/${MARIA.id}/violations`)).status).toBe(403);
  await other.context().close();
});

/** C8: to the mark, to the log, through its three pages, and the review, by keyboard alone. */
test("the sign-in log by keyboard alone", async ({ page, open, t }) => {
  await open(security.secret, "/events");
  const { keyboard } = page;
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await keyboard.press("g");
  await keyboard.press("u");
  await expect(page.getByRole("heading", { level: 1, name: t("users.title") })).toBeFocused();
  await expect(mark(page)).toBeVisible();
  await press(page, mark(page));
  await expect(page.getByRole("heading", { level: 1, name: MARIA.name })).toBeFocused();
  const review = page.getByRole("button", { name: new RegExp(t("user.review.mark")) }).first();
  await press(page, review);
  const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog"));
  await expect(dialog).toBeVisible();
  await reach(page, dialog.getByLabel(t("user.review.note")));
  await keyboard.type("Проверено");
  await press(page, dialog.getByRole("button", { name: t("user.review.mark") }));
  await expect(dialog).toHaveCount(0);
  await expect.poll(async () => marks(tenant, MARIA.id)).toBe(0);
});
