/** Figures are the rows that they stand for: what is counted can be read, and adds up. */
import { ago, type Key, newTenant, type Sent, type Tenant } from "../support/api";
import { List } from "../support/list";
import { expect, test } from "../support/test";

const ALL = 450;
const types = ["contact.created", "contact.updated", "contact.deleted", "contact.viewed"];

const event = (index: number): Sent => ({
  id: `c-${index}`,
  type: types[index % types.length] ?? "contact.viewed",
  occurred_at: ago({ hours: index % 60, minutes: index }),
  actor: { id: `u-${index % 7}`, name: `Person ${index % 7}` },
  object: { type: "contact", id: `C-${index}`, name: `Contact ${index}` },
  ...(types[index % types.length] === "contact.updated" ? { changes: [{ path: "phone", new: String(index) }] } : {}),
  backfill: true,
});

let tenant: Tenant;
let key: Key;
test.beforeAll(async () => {
  tenant = await newTenant("Counted Ltd", { time_zone: "Europe/London" });
  await tenant.tell(Array.from({ length: ALL }, (_, index) => event(index)));
  key = await tenant.key("security");
});

/** C5, C6, C10: the total, the rows of all pages, the facets and the histogram say the same. */
test("every row that is counted can be read, once", async ({ page, open, t }) => {
  const list = new List(page, t);
  const total = (count: number) => page.getByText(t("list.total", { count, shown: count }), { exact: true }).first();
  await open(key.secret, "/events?actor_kind=user");
  await list.settled();
  await expect(total(ALL)).toBeVisible();

  const seen = new Set<string>();
  await page.getByRole("table").hover();
  await expect(async () => {
    for (const row of await list.rows.evaluateAll((rows) => rows.map((one) => one.textContent ?? ""))) {
      const name = /Contact \d+/.exec(row)?.[0];
      if (name !== undefined) {
        seen.add(name);
      }
    }
    await page.mouse.wheel(0, 400);
    expect(seen.size).toBe(ALL);
  }).toPass({ intervals: [0], timeout: 40_000 });
  await expect(page.getByText(t("list.rows_all", { count: ALL, shown: ALL }))).toBeVisible();
  expect(await list.table.getAttribute("aria-rowcount")).toBe(String(ALL + 1));
  // Only what is in sight is in the page.
  expect(await list.rows.count()).toBeLessThan(80);

  // The facets add up, and each is the rows behind it.
  const classes = await Promise.all(
    (["create", "change", "delete", "other"] as const).map(async (name) => {
      const text = await list.panel
        .getByRole("checkbox", { name: new RegExp(`^${t(`common.class.${name}`)}`) })
        .locator("xpath=..")
        .innerText();
      return Number(/(\d+)\s*$/.exec(text)?.[1] ?? 0);
    }),
  );
  expect(classes.reduce((sum, count) => sum + count, 0)).toBe(ALL);
  await list.check(t("common.class.delete"));
  await list.apply();
  await expect(total(classes[2] ?? 0)).toBeVisible();

  // So does the histogram; a bar opens its own rows, and Back undoes it.
  await page.getByRole("button", { name: t("charts.show_table") }).click();
  const bars = page.getByRole("region", { name: t("charts.table") }).getByRole("row");
  const counts = await bars.evaluateAll((rows) =>
    rows.slice(1).map((row) => Number(row.querySelector("td")?.textContent ?? 0)),
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(classes[2]);
  await bars.nth(1).getByRole("button").click();
  await expect(page).toHaveURL(/from=/);
  await expect(total(counts[0] ?? 0)).toBeVisible();
  await page.goBack();
  await expect(total(classes[2] ?? 0)).toBeVisible();
});

/** C10: rows are there after the answers of who asks and of the list, and of nothing else. */
test("first rows wait for two answers", async ({ page, open, t }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/v1/")) {
      asked.push(pathname);
    }
  });
  const list = new List(page, t);
  let before: string[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/v1/events") {
      before = [...asked];
    }
  });
  await open(key.secret, "/events");
  await list.settled();
  expect(new Set(before)).toEqual(new Set(["/v1/me", "/v1/events"]));
});

/** C5, P13: a look is on record, so nothing is asked for that nobody has asked for: not by pointing, not by waiting. */
test("pointing at things asks for nothing", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(key.secret, "/events");
  await list.settled();
  await page.waitForLoadState("networkidle");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  for (const link of await page.getByRole("navigation").getByRole("link").all()) {
    await link.hover();
  }
  for (const row of (await list.rows.all()).slice(0, 8)) {
    await row.hover();
  }
  await page.waitForLoadState("networkidle");
  expect(asked).toEqual([]);
});

/** C5: Follow shows what comes; while somebody reads a row it waits, with its number. */
test("follow shows what comes, and holds still while somebody reads", async ({ page, open, t }) => {
  const list = new List(page, t);
  await open(key.secret, "/events?actor_kind=user");
  await list.settled();
  await page.getByRole("button", { name: t("list.follow"), exact: true }).click();
  await tenant.tell([
    {
      id: "f-1",
      type: "deal.viewed",
      actor: { id: "u-1", name: "Person 1" },
      object: { type: "deal", id: "D-1", name: "Just now" },
    },
  ]);
  await expect(list.rows.first()).toContainText("Just now");
  await list.rows.nth(1).getByRole("cell").nth(2).click();
  await expect(page).toHaveURL(/_event=/);
  const first = await list.rows.first().innerText();
  await tenant.tell([
    {
      id: "f-2",
      type: "deal.viewed",
      actor: { id: "u-1", name: "Person 1" },
      object: { type: "deal", id: "D-2", name: "A moment later" },
    },
  ]);
  const waiting = page.getByRole("button", { name: t("list.waiting", { count: 1 }) });
  await expect(waiting).toBeVisible();
  expect(await list.rows.first().innerText()).toBe(first);
  await waiting.click();
  await expect(list.rows.first()).toContainText("A moment later");
});
