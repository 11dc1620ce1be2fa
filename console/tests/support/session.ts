/** Signs browsers in by a key, as the page for signing in does. */
import type { BrowserContext } from "@playwright/test";
import { up } from "./api";

let visitors = 0;
const cookies = new Map<string, { name: string; value: string }>();

/** Trades a key for the cookie of a session. Attempts are counted by address, so each comes from one of its own. */
export async function begin(key: string): Promise<{ name: string; value: string }> {
  visitors += 1;
  const from = `10.${process.pid % 250}.${Math.floor(visitors / 250)}.${visitors % 250}`;
  const response = await fetch(`${up().base}/session`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": from },
    body: JSON.stringify({ key }),
  });
  const [cookie] = response.headers.getSetCookie();
  const pair = /^([^=]+)=([^;]+)/.exec(cookie ?? "");
  if (response.status !== 204 || pair?.[1] === undefined || pair[2] === undefined) {
    throw new Error(`signing in: ${response.status} ${await response.text()}`);
  }
  return { name: pair[1], value: pair[2] };
}

/** Signs a browser in; the same key signs in once a worker. */
export async function signIn(context: BrowserContext, key: string): Promise<void> {
  const cookie = cookies.get(key) ?? (await begin(key));
  cookies.set(key, cookie);
  await context.addCookies([{ ...cookie, url: up().base, httpOnly: true, sameSite: "Strict" }]);
}
