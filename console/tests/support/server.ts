/** One `usertrail up` for the whole run, with data of its own that go when it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./until";

/** What a running installation printed when it came up. */
export interface Up {
  /** Its origin. */
  base: string;
  /** The administrator's key: of the platform. */
  admin: string;
  /** The link that signs in once. */
  link: string;
  log: string;
}

/** An installation, and how it is ended. */
export interface Running extends Up {
  demo: string | undefined;
  stop: () => Promise<void>;
}

const built = fileURLToPath(new URL("../../../target/debug/usertrail", import.meta.url));

function program(): string {
  const path = process.env["USERTRAIL_BIN"] ?? built;
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: build it (cargo build), or name another in USERTRAIL_BIN`);
  }
  return path;
}

function tail(log: string): string {
  return readFileSync(log, "utf8").split("\n").slice(-40).join("\n");
}

/** What stands behind a name in the lines that `up` greets with. */
function printed(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1];
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Starts one on a port that is free, and waits until it is ready. */
export async function start(more: readonly string[] = []): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "usertrail-console-"));
  const log = join(folder, "up.log");
  const output = openSync(log, "a");
  // Applications that deleted things are restored to are on this machine, too. Sign-ins come through a proxy that is
  // believed, because they are counted by address, and the tests are more than one person.
  const settings = [
    "alert.allow_private=true",
    "sql.listen=127.0.0.1:0",
    "min_free_disk_mb=0",
    "ingest.trusted_proxies=127.0.0.0/8",
  ];
  const child = spawn(
    program(),
    [
      "up",
      "--listen",
      "127.0.0.1:0",
      "--data-dir",
      join(folder, "data"),
      ...settings.flatMap((set) => ["--set", set]),
      ...more,
    ],
    { stdio: ["ignore", output, output] },
  );
  closeSync(output);
  try {
    const up = await until(
      "usertrail to be up",
      async () => {
        if (child.exitCode !== null) {
          throw new Error(`usertrail ended with ${child.exitCode}:\n${tail(log)}`);
        }
        const text = readFileSync(log, "utf8");
        const base = printed(text, /usertrail is up at (\S+)/);
        const admin = printed(text, /administrator's key\s+(\S+)/);
        const link = printed(text, /(\S+\/sign-in\?once=\S+)/);
        return base === undefined || admin === undefined || link === undefined || !text.includes("Ctrl-C stops it")
          ? undefined
          : { base, admin, link, log, demo: printed(text, /demo company's key\s+(\S+)/) };
      },
      180,
    );
    await until("usertrail to be ready", async () => ((await fetch(`${up.base}/readyz`)).ok ? true : undefined), 120);
    return { ...up, stop: async () => stop(child, folder) };
  } catch (error) {
    const text = tail(log);
    await stop(child, folder);
    throw new Error(`${String(error)}\n${text}`, { cause: error });
  }
}
