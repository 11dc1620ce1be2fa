/** Who may see and do what, from one table. */
import { type Role, up } from "../support/api";
import { LUCIE, type Showcase, showcase } from "../support/stories/showcase";
import { expect, test } from "../support/test";
import type { WordKey } from "../support/words";

type Reader = Exclude<Role, "ingest"> | "platform";

interface Line {
  path: string;
  title: WordKey;
  /** Where it stands in navigation. */
  nav?: WordKey;
  /** The first role that may. */
  permission: WordKey;
  may: readonly Reader[];
}

const everybody: readonly Reader[] = ["viewer", "supervisor", "security", "admin", "platform"];
const security: readonly Reader[] = ["security", "admin", "platform"];

const table: readonly Line[] = [
  {
    path: "/events",
    title: "shell.nav.events",
    nav: "shell.nav.events",
    permission: "shell.permission.read_log",
    may: everybody,
  },
  { path: "/events/s-3", title: "shell.title.event", permission: "shell.permission.read_log", may: everybody },
  { path: "/objects/order/O-1", title: "shell.title.object", permission: "shell.permission.read_log", may: everybody },
  {
    path: "/users",
    title: "shell.nav.users",
    nav: "shell.nav.users",
    permission: "shell.permission.read_log",
    may: everybody,
  },
  { path: `/users/${LUCIE.id}`, title: "shell.title.user", permission: "shell.permission.read_log", may: everybody },
  {
    path: "/violations",
    title: "shell.nav.violations",
    nav: "shell.nav.violations",
    permission: "shell.permission.see_violations",
    may: security,
  },
  {
    path: "/setup",
    title: "shell.nav.setup",
    nav: "shell.nav.setup",
    permission: "shell.permission.administer",
    may: ["admin", "platform"],
  },
];

let show: Showcase;
test.beforeAll(async () => {
  show = await showcase();
});

for (const reader of everybody) {
  /** C3, A2, T19: navigation has what somebody may see; a page without permission says which one is lacking. */
  test(`${reader}: what is there and what is not`, async ({ page, open, t }) => {
    const key = reader === "platform" ? up().admin : (await show.tenant.key(reader, reader)).secret;
    const tenant = reader === "platform" ? `tenant=${show.tenant.id}` : "";
    const denied = page.getByText(t("shell.no_permission"), { exact: true });
    await open(key, `/users?${tenant}`);
    await expect(page.getByRole("heading", { level: 1, name: t("users.title") })).toBeVisible();
    const links = page.getByRole("navigation").getByRole("listitem").getByRole("link");
    const expected = table.flatMap(({ nav, may }) => (nav !== undefined && may.includes(reader) ? [t(nav)] : []));
    await expect(links).toHaveText(expected.map((name) => new RegExp(name)));

    for (const { path, permission, may } of table) {
      await test.step(path, async () => {
        await page.goto(`${path}?${tenant}`);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        if (may.includes(reader)) {
          await expect(denied).toHaveCount(0);
        } else {
          await expect(denied).toBeVisible();
          await expect(page.getByRole("main")).toContainText(t(permission));
        }
      });
    }
  });
}

/** K16: whoever may not see marks finds no trace of them: not on a page, not in what the server sent for it. */
test("a viewer finds no trace of marks", async ({ page, open, t }) => {
  const key = await show.tenant.key("viewer");
  const sent: string[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname.startsWith("/v1/")) {
      response.text().then(
        (text) => sent.push(text),
        () => {},
      );
    }
  });
  for (const path of ["/users", `/users/${LUCIE.id}`, `/users/${LUCIE.id}/activity`, "/events", "/events/s-5"]) {
    await open(key.secret, path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("networkidle");
    const source = await page.content();
    expect(source, path).not.toContain("too-many-devices");
    expect(source, path).not.toContain("mass-export");
    expect(source, path).not.toMatch(/unreviewed/i);
  }
  expect(sent.length).toBeGreaterThan(5);
  for (const text of sent) {
    expect(text).not.toMatch(/too-many-devices|mass-export|"unreviewed_violations":\s*\d/);
  }
  await expect(page.getByRole("navigation").getByText(t("shell.nav.violations"))).toHaveCount(0);
});

/** C2: a key of one tenant sees nothing of another, whatever the address says. */
test("tenants are apart", async ({ page, open, watched, t }) => {
  const other = await showcase();
  const key = await other.tenant.key("admin");
  watched.expect(403, /\/v1\//);
  watched.expect(400, /\/v1\//);
  watched.expect(404, /\/v1\//);
  await open(key.secret, `/violations/${show.violation}?tenant=${show.tenant.id}`);
  await expect(page.getByRole("main")).not.toContainText(LUCIE.name);
  await open(key.secret, `/violations/${other.violation}`);
  await expect(page.getByRole("region", { name: t("violations.detail"), exact: true })).toContainText(LUCIE.name);
});
