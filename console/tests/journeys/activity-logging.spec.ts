/** Activity logging in a CRM, in Russian, from the switch to the question that brings people here. */
import { ask, call, type Key, type Tenant } from "../support/api";
import { press } from "../support/keys";
import { List } from "../support/list";
import { after, CONTACT, crm, JANA, LENA, PETR } from "../support/stories/crm";
import { expect, test } from "../support/test";

test.use({ language: "ru" });

let tenant: Tenant;
let admin: Key;

test.beforeEach(async () => {
  tenant = await crm();
  admin = await tenant.key("admin", "Администратор");
});

const turnOn = async (): Promise<void> => {
  await call(admin.secret, "/v1/settings/logging", { method: "PUT", body: { enabled: true, retention: { all: 90 } } });
};

/** L1, L2, L3, L16: off until an administrator turns it on, who says first for how long; objects have their history all the same. */
test("logging is off, an administrator turns it on, a viewer can't", async ({ page, open, t }) => {
  const refused = await ask<{ events: { code: string }[] }>(tenant.sender, "/v1/events", {
    method: "POST",
    body: [{ type: "contact.viewed", actor: JANA, object: CONTACT }],
  });
  expect(refused.body.events.map(({ code }) => code)).toEqual(["logging_off"]);

  const viewer = await tenant.key("viewer", "Наблюдатель");
  await open(viewer.secret, "/events");
  await expect(page.getByText(t("events.logging_off"))).toBeVisible();
  await expect(page.getByRole("main").getByRole("link", { name: t("events.turn_on") })).toHaveCount(0);
  await page.goto("/setup");
  await expect(page.getByText(t("shell.no_permission"), { exact: true })).toBeVisible();

  await open(admin.secret, "/events");
  await expect(page.getByText(t("events.logging_off"))).toBeVisible();
  await page
    .getByRole("main")
    .getByRole("link", { name: t("events.turn_on") })
    .click();
  await expect(page).toHaveURL(/\/setup/);
  await page.getByRole("button", { name: t("setup.logging.keep") }).click();
  await page.getByRole("option", { name: "90 дней" }).click();
  await page.getByRole("button", { name: t("setup.logging.turn_on") }).click();
  await expect(page.getByRole("heading", { name: t("setup.logging") })).toBeVisible();
  expect(await tenant.read<{ views: number }>("/v1/settings/retention")).toMatchObject({ views: 90 });

  await tenant.tell(after());
  await page
    .getByRole("navigation")
    .getByRole("link", { name: t("shell.nav.events") })
    .click();
  await expect(page.getByText(t("events.logging_off"))).toHaveCount(0);
  const list = new List(page, t);
  await list.check(t("common.kind.user"));
  await list.apply();
  await expect(list.rows.filter({ hasText: JANA.name }).first()).toBeVisible();
});

/** L4–L15: by kind of subject, two employees and an object's number; views, edits, deletions, sign-ins, exports of both. */
test("the log answers who did what", async ({ page, open, t }) => {
  await turnOn();
  await tenant.tell(after());
  const list = new List(page, t);
  await open(admin.secret, "/events");
  await list.settled();

  // The filters stand in the order that users know; employees only while the subject is a user.
  const labels = [
    t("events.filter.kind"),
    t("events.filter.employees"),
    t("events.filter.object_id"),
    t("events.filter.object_type"),
    t("list.action"),
  ];
  const text = await list.panel.innerText();
  const places = labels.map((label) => text.indexOf(label));
  expect(
    places.every((at, index) => at > (places[index - 1] ?? -1)),
    `${labels.join(" < ")} in ${text}`,
  ).toBe(true);

  await list.check(t("common.kind.user"));
  await list.choose(t("events.filter.employees"), JANA.name, PETR.name);
  await list.apply();
  await expect(page).toHaveURL(/actor_kind=user/);
  await expect(list.chips).toContainText(JANA.name);
  const who = await list.column(t("events.who"));
  expect(new Set(who.map((cell) => cell.split("\n")[0]))).toEqual(new Set([JANA.name, PETR.name]));
  const said = (await list.column(t("events.event"))).join("\n");
  for (const part of [/вход/i, /просмотр/i, /измен/i, /удал/i, /выгруз/i, /выполнена/i]) {
    expect(said).toMatch(part);
  }
  expect(said).not.toContain(LENA.name);

  await list.fill(t("events.filter.object_id"), CONTACT.id);
  await list.apply();
  await expect(page).toHaveURL(/object_id=C-77/);
  const objects = await list.column(t("events.object"));
  expect(objects.length).toBeGreaterThanOrEqual(5);
  expect(objects.every((cell) => cell.includes(CONTACT.name))).toBe(true);

  // The question that brings them: which data did this employee look at or export?
  await page.goto(`/users/${PETR.id}/activity`);
  await expect(list.rows.first()).toBeVisible();
  await page.getByText(t("user.activity.viewed"), { exact: true }).click();
  await expect(list.rows).toHaveCount(2);
  expect((await list.column(t("events.event"))).join("\n")).toMatch(/250|выгруз/i);

  // What the product did by itself is the system's.
  await page.goto("/events?actor_kind=system&object_id=C-77");
  await expect(list.rows).toHaveCount(1);
  expect(await list.column(t("events.who"))).toEqual([expect.stringContaining(t("events.system"))]);
});

/** L14, L16, L6: an object has all its edits, oldest first, with those of before the switch; and who has seen it. */
test("an object knows its history and who has seen it", async ({ page, open, t }) => {
  await turnOn();
  await tenant.tell(after());
  const list = new List(page, t);
  await open(admin.secret, `/objects/${CONTACT.type}/${CONTACT.id}`);
  await expect(page.getByText(t("objects.deleted"), { exact: true })).toBeVisible();
  await expect(page.getByRole("tab", { name: "История изменений" })).toHaveAttribute("aria-selected", "true");
  const main = page.getByRole("main");
  await expect(main).toContainText("+7 900 111-11-11");
  const text = await main.innerText();
  expect(text.indexOf("111-11-11")).toBeLessThan(text.lastIndexOf("333-33-33"));

  await page.getByRole("tab", { name: t("objects.tab.events") }).click();
  await expect(list.rows.first()).toBeVisible();
  await page.getByRole("tab", { name: t("objects.tab.seen") }).click();
  for (const { name } of [JANA, PETR, LENA]) {
    await expect(main).toContainText(name);
  }
});

/** C8: the filter, the row and the history of its object by keyboard alone. */
test("the log by keyboard alone", async ({ page, open, t }) => {
  await turnOn();
  await tenant.tell(after());
  const list = new List(page, t);
  await open(admin.secret, "/users");
  const { keyboard } = page;
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await keyboard.press("g");
  await keyboard.press("e");
  await expect(page.getByRole("heading", { level: 1, name: t("events.title") })).toBeFocused();
  await list.settled();
  await keyboard.press("t");
  await expect(list.panel.getByRole("button", { name: new RegExp(`${t("list.period")}$`) })).toBeFocused();
  await press(page, list.panel.getByLabel(t("events.filter.object_id"), { exact: true }), "Control+A");
  await keyboard.type(CONTACT.id);
  await keyboard.press("Control+Enter");
  await expect(page).toHaveURL(/object_id=C-77/);
  await list.settled();
  await keyboard.press("Escape");
  await page.getByRole("heading", { level: 1 }).focus();
  await keyboard.press("j");
  await keyboard.press("Enter");
  const drawer = page.getByRole("complementary").filter({ has: page.getByRole("button", { name: t("list.next") }) });
  await expect(drawer).toBeVisible();
  await expect(page).toHaveURL(/_event=/);
  const first = page.url();
  await keyboard.press("j");
  await expect(page).not.toHaveURL(first);
  await keyboard.press("o");
  await expect(page).toHaveURL(/\/objects\/contact\/C-77/);
});
