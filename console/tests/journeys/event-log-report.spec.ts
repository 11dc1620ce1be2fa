/** The event log report of a service business, in Russian, by the terms that its managers use. */
import { type Key, newTenant, type Tenant } from "../support/api";
import { press } from "../support/keys";
import { List } from "../support/list";
import {
  ANNA,
  type Application,
  application,
  CENTRE,
  IVAN,
  NORTH,
  ORDERS,
  RECORDING,
  service,
} from "../support/stories/service";
import { another, expect, test } from "../support/test";
import { sheet } from "../support/xlsx";

test.use({ language: "ru" });

const STATUS = "Статус заказа изменён";
const ROMASHKA = "ООО «Ромашка»";

let tenant: Tenant;
let admin: Key;
test.beforeEach(async () => {
  tenant = await service();
  admin = await tenant.key("admin", "Руководитель");
});

/** J1, J5–J9, J11, J14: nothing runs before Применить; the parameters by their names; the address shows others the same. */
test("the report runs when it is applied, and its address is shared", async ({ page, open, watched, t }) => {
  const list = new List(page, t);
  await open(admin.secret, "/events");
  await list.settled();
  for (const head of ["Дата и время", "Сотрудник", "Событие", "Дополнительно", "Локация"]) {
    await expect(page.getByRole("columnheader", { name: head })).toBeVisible();
  }

  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.startsWith("/v1/events")) {
      asked.push(pathname + search);
    }
  });
  const before = page.url();
  await list.select("Период", "Вчера");
  await list.choose("Локации", CENTRE, NORTH);
  await list.choose("Сотрудники", ANNA.name);
  await list.events("События", STATUS);
  await expect(list.panel.getByText(t("list.pending", { count: 4 }))).toBeVisible();
  expect(page.url()).toBe(before);
  expect(asked).toEqual([]);

  await list.panel.getByRole("button", { name: "Применить", exact: true }).click();
  await expect(page).toHaveURL(/period=yesterday/);
  await expect(list.rows).toHaveCount(2);
  for (const part of ["location=", "actor_id=e-1", "type=order.status_changed"]) {
    expect(page.url()).toContain(part);
  }
  await expect(
    page
      .getByText("Europe/Moscow")
      .or(page.getByText(/Москва|GMT\+3/))
      .first(),
  ).toBeVisible();
  // The total that the server counts is what was read.
  await expect(page.getByText(t("list.total", { count: 2, shown: 2 }), { exact: true }).first()).toBeVisible();

  // Old → new; an older event has only the new one, and no arrow.
  const additional = await list.column("Дополнительно");
  expect(additional.filter((cell) => cell.includes("Новый") && cell.includes("В работе"))).toHaveLength(1);
  const lone = additional.filter((cell) => cell.includes("Готов"));
  expect(lone).toHaveLength(1);
  expect(lone[0]).not.toContain("→");

  // By date and time both ways.
  const time = page.getByRole("columnheader", { name: "Дата и время" });
  await expect(time).toHaveAttribute("aria-sort", "descending");
  const down = await list.column("Объект");
  await time.getByRole("button").click();
  await expect(time).toHaveAttribute("aria-sort", "ascending");
  await expect(page).toHaveURL(/order=asc/);
  expect(await list.column("Объект")).toEqual([...down].reverse());

  const colleague = await tenant.key("viewer", "Коллега");
  const other = await another(page, watched, "ru", colleague.secret);
  await other.goto(page.url());
  const same = new List(other, t);
  await expect(same.rows).toHaveCount(2);
  expect(await same.column("Объект")).toEqual(await list.column("Объект"));
  await expect(same.chips).toContainText("Вчера");
  await other.context().close();
});

/** J2, J8, J10, J12, J13, J17, J18: classes and groups, links into the product, history marked, recordings and texts. */
test("rows lead into the product, and say what there is to know", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(admin.secret, "/events");
  await list.settled();
  const tree = list.panel.getByRole("group", { name: "События", exact: true });
  for (const group of ["задачи", "заказы", "продажи", "склад", "клиенты"]) {
    await expect(tree.getByRole("checkbox", { name: new RegExp(`^${group}`, "i") })).toBeAttached();
  }

  const order = list.rows.filter({ hasText: "Заказ O-5" });
  await expect(
    order
      .getByRole("link", { name: t("events.open_object") })
      .or(order.locator(`a[href="${ORDERS.replace("{id}", "O-5")}"]`))
      .first(),
  ).toHaveAttribute("href", ORDERS.replace("{id}", "O-5"));
  await expect(
    list.rows
      .filter({ hasText: "Входящий" })
      .or(list.rows.filter({ hasText: "+7 900 000-00-00" }))
      .first()
      .locator(`a[href="${RECORDING}"]`),
  ).toHaveAttribute("rel", /noreferrer/);
  const sms = list.rows.filter({ hasText: "SMS" }).first();
  await sms.getByRole("cell").nth(2).click();
  await expect(page.getByRole("complementary").filter({ hasText: "Ваш заказ готов" })).toBeVisible();
  await page.keyboard.press("Escape");
  const later = page.getByLabel(t("events.backfill"));
  await expect(list.rows.filter({ hasText: "Старая задача" }).filter({ has: later })).toHaveCount(1);
  await expect(list.rows.filter({ hasText: "Заказ O-5" }).filter({ has: later })).toHaveCount(0);

  await list.check(t("common.class.delete"));
  await list.apply();
  await expect(list.rows).toHaveCount(2);
  await page.goto(`/events?object_type=client`);
  await expect(list.rows).toHaveCount(1);
  await expect(list.rows).toContainText(ROMASHKA);
});

/** J15, J16: a deleted task is brought back from Дополнительно, with its outcome as an event; a deleted order says why not. */
test("what was deleted is restored, or says why it can't be", async ({ page, open, t }) => {
  const list = new List(page, t);
  const product: Application = await application(admin.secret);
  try {
    await open(admin.secret, "/events?class=delete");
    await expect(list.rows).toHaveCount(2);
    const deletedOrder = list.rows.filter({ hasText: "Заказ O-6" });
    await expect(deletedOrder).toContainText("Заказ связан с работами, складом и оплатами");
    await expect(deletedOrder.getByRole("button", { name: "Восстановить" })).toHaveCount(0);

    await list.rows.filter({ hasText: "Позвонить клиенту" }).getByRole("button", { name: "Восстановить" }).click();
    const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog"));
    await expect(dialog).toContainText(t("events.restore_title", { name: "Позвонить клиенту" }));
    await dialog.getByRole("button", { name: "Восстановить", exact: true }).click();
    await expect(page.getByText(t("events.restore_done")).first()).toBeVisible();
    expect(product.asked).toHaveLength(1);
    await tenant.complete();
    await page.goto("/events?object_type=task,restore");
    await expect(list.rows.filter({ hasText: /восстановлен/i }).first()).toBeVisible();
  } finally {
    await product.close();
  }
});

/** J3, J4: the smallest plan has the last thirty days and no dates; what it lacks is said before anything runs. */
test("the smallest plan shows thirty days and locks dates", async ({ page, open, t }) => {
  const small = await service({ plan: "free" });
  const key = await small.key("viewer", "Наблюдатель");
  const list = new List(page, t);
  await open(key.secret, "/events");
  await list.settled();
  await expect(list.rows.filter({ hasText: "Старая задача" })).toHaveCount(0);
  await expect(list.rows.filter({ hasText: "Заказ O-1" })).toHaveCount(1);
  const locked = t("list.period_locked", { plan: "free" });
  await expect(list.panel.getByText(locked).first()).toBeVisible();
  await list.panel.getByRole("button", { name: /Период$/ }).click();
  await expect(page.getByRole("option", { name: t("time.custom") })).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByRole("option", { name: t("time.yesterday") })).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: t("list.export") }).click();
  await expect(page.getByRole("menuitem", { name: /Excel/ })).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByText(t("list.exports_locked", { plan: "free" })).first()).toBeVisible();

  const none = await newTenant("Без журнала", { plan: "none" });
  const nothing = await none.key("viewer", "Наблюдатель");
  await open(nothing.secret, "/events");
  await expect(page.getByText(t("shell.plan_limit"), { exact: true })).toBeVisible();
});

/** J5: what is shared may reach further than somebody's plan; the nearest that it has is offered. */
test("an address beyond the plan says so", async ({ page, open, watched, t }) => {
  const small = await service({ plan: "free" });
  const key = await small.key("viewer", "Наблюдатель");
  watched.expect(403, /\/v1\/events/);
  await open(key.secret, "/events?period=custom&from=2026-01-01&to=2026-01-31");
  await expect(page.getByRole("alert")).toContainText(t("problems.plan_limit"));
});

/** The file has the rows that the list counts, with its columns in the reader's language. */
test("the spreadsheet has what the list has", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(admin.secret, "/events?actor_kind=user&order=asc");
  await list.settled();
  const count = await list.rows.count();
  await expect(page.getByText(t("list.rows_all", { count, shown: count }))).toBeVisible();
  await page.getByRole("button", { name: t("list.export") }).click();
  const loading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: /Excel/ }).click();
  const file = await (await loading).createReadStream();
  const parts: Buffer[] = [];
  for await (const part of file) {
    parts.push(Buffer.from(part));
  }
  const rows = sheet(Buffer.concat(parts));
  const objects = rows.filter((row) => row.some((cell) => cell.includes(ANNA.name) || cell.includes(IVAN.name)));
  expect(objects.length).toBe(count);
});

/** C8: parameters, Применить and the order by keyboard alone. */
test("the report by keyboard alone", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(admin.secret, "/events");
  await list.settled();
  const { keyboard } = page;
  await keyboard.press("t");
  await expect(list.panel.getByRole("button", { name: /Период$/ })).toBeFocused();
  await keyboard.press("Enter");
  const yesterday = page.getByRole("option", { name: "Вчера", exact: true });
  await expect(yesterday).toBeVisible();
  await keyboard.type("Вчера");
  await expect(yesterday).toBeFocused();
  await keyboard.press("Enter");
  await keyboard.press("Control+Enter");
  await expect(page).toHaveURL(/period=yesterday/);
  await expect(list.rows).toHaveCount(5);
  await press(page, page.getByRole("columnheader", { name: "Дата и время" }).getByRole("button"));
  await expect(page).toHaveURL(/order=asc/);
});
