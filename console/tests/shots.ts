/**
 * Pictures of the main pages with the demo company's data, to be looked at by eye: `npm run shots -- <folder>`. In light and dark,
 * at 1440, 1024 and 320 px. SHOTS_ONLY="events users" makes some of them, SHOTS_LANG=cs in another language.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "@playwright/test";
import { start } from "./support/server";
import { until } from "./support/until";

const folder = process.env["SHOTS"] ?? "shots";
const only = (process.env["SHOTS_ONLY"] ?? "").split(" ").filter((name) => name !== "");
mkdirSync(folder, { recursive: true });

const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 320, height: 720 },
];

interface Found {
  data: {
    id: string;
    object?: { type: string; id: string } | null;
    actor?: { id: string };
    user?: { id: string } | null;
  }[];
}

test("pictures", async ({ browser }) => {
  const running = await start(["--demo", "--demo-days", process.env["DEMO_DAYS"] ?? "20"]);
  try {
    const { base, demo = "" } = running;
    const ask = async (path: string): Promise<Found> => {
      const response = await fetch(base + path, { headers: { authorization: `Bearer ${demo}` } });
      const found: Found = await response.json();
      return found;
    };
    await until(
      "the company's past and some violations",
      async () => ((await ask("/v1/violations?limit=3")).data.length > 2 ? true : undefined),
      300,
    );
    const change = (await ask("/v1/events?class=change&category=changes&limit=1")).data[0];
    const violation = (await ask("/v1/violations?limit=20")).data.find(
      ({ user }) => user !== null && user !== undefined,
    );
    const user = violation?.user?.id ?? "";
    const pages: Record<string, string> = {
      events: "/events?period=last_30_days",
      drawer: `/events?period=last_30_days&_event=${change?.id}`,
      event: `/events/${change?.id}`,
      object: `/objects/${change?.object?.type}/${change?.object?.id}`,
      users: "/users",
      user: `/users/${user}/sign-ins`,
      devices: `/users/${user}/sign-ins?_tab=devices`,
      restrictions: `/users/${user}/sign-ins?_tab=restrictions`,
      activity: `/users/${user}/activity`,
      violations: `/violations/${violation?.id}`,
      setup: "/setup",
      empty: "/events?q=nothing-has-these-words",
    };
    const response = await fetch(`${base}/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: demo }),
    });
    const [, name = "", value = ""] = /^([^=]+)=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? "") ?? [];
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of sizes) {
        const context = await browser.newContext({
          viewport,
          colorScheme,
          locale: process.env["SHOTS_LANG"] ?? "en-GB",
        });
        await context.addCookies([{ name, value, url: base }]);
        const page = await context.newPage();
        for (const [shot, path] of [["sign-in", "/sign-in"], ...Object.entries(pages)] as const) {
          if (only.length === 0 || only.includes(shot)) {
            await page.goto(base + path);
            await page.waitForLoadState("networkidle");
            await page.screenshot({ path: join(folder, `${shot}-${viewport.width}-${colorScheme}.png`) });
          }
        }
        await context.close();
      }
    }
  } finally {
    await running.stop();
  }
});
