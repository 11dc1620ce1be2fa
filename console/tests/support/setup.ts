import { start } from "./server";

/** Starts the installation that all tests run against, and hands it to them by the environment; ends it after the last. */
export default async function setup(): Promise<() => Promise<void>> {
  const running = await start();
  const { base, admin, link, log } = running;
  process.env["USERTRAIL_UP"] = JSON.stringify({ base, admin, link, log });
  return running.stop;
}
