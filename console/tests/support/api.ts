/** The API as applications and administrators use it: with a key, not with a cookie. */
import type { Up } from "./server";
import { until } from "./until";

/** The installation that the run began with. */
export function up(): Up {
  const text = process.env["USERTRAIL_UP"];
  if (text === undefined) {
    throw new Error("no installation is running: the global setup starts it");
  }
  const parsed: Up = JSON.parse(text);
  return parsed;
}

export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}

interface Sending {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
}

/** Sends a request with a key; hands over whatever is answered. */
export async function ask<T>(key: string, path: string, { method = "GET", body }: Sending = {}): Promise<Answer<T>> {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const response = await fetch(up().base + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": type }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
  const parsed: T = JSON.parse(json ? text : "null");
  return { status: response.status, body: parsed, headers: response.headers };
}

/** The same, where it has to succeed. */
export async function call<T>(key: string, path: string, sending: Sending = {}): Promise<T> {
  const { status, body } = await ask<T>(key, path, sending);
  if (status >= 300) {
    throw new Error(`${sending.method ?? "GET"} ${path}: ${status} ${JSON.stringify(body)}`);
  }
  return body;
}

export type Role = "ingest" | "viewer" | "supervisor" | "security" | "admin";

/** An API key; the secret is what signs in. */
export interface Key {
  id: string;
  secret: string;
}

/** An event as an application sends it. */
export interface Sent {
  id?: string;
  type: string;
  occurred_at?: string;
  actor?: { id?: string; kind?: string; name?: string; email?: string; active?: boolean };
  object?: { type: string; id?: string; name?: string; url?: string };
  location?: string;
  changes?: { path: string; op?: string; old?: unknown; new?: unknown }[];
  context?: Record<string, unknown>;
  records?: number;
  outcome?: "success" | "failure";
  reason?: string;
  backfill?: boolean;
  payload?: unknown;
}

/** A tenant of its own for a story: nothing that others do is in its log. */
export class Tenant {
  constructor(
    readonly id: string,
    readonly name: string,
    /** The key that its application sends with; empty where it has none yet. */
    readonly sender: string,
  ) {}

  /** A new key of a role. */
  async key(role: Role, name: string = role): Promise<Key> {
    return call<Key>(up().admin, `/v1/tenants/${this.id}/keys`, { method: "POST", body: { role, name } });
  }

  /** Sends events; every one has to be taken. They are in the log once this returns. */
  async tell(events: readonly Sent[]): Promise<void> {
    const answer = await call<{ accepted: number; rejected: number; events: unknown[] }>(this.sender, "/v1/events", {
      method: "POST",
      body: events,
    });
    if (answer.accepted !== events.length) {
      throw new Error(`${answer.accepted} of ${events.length} were accepted: ${JSON.stringify(answer.events)}`);
    }
    const ids = events.flatMap(({ id }) => (id === undefined ? [] : [id]));
    await this.complete();
    const last = ids.at(-1);
    if (last !== undefined) {
      await until(`event ${last} to be in the log`, async () => {
        const { status } = await ask(up().admin, `/v1/events/${encodeURIComponent(last)}?tenant=${this.id}`);
        return status === 200 ? true : undefined;
      });
    }
  }

  /** Waits until answers have all that was received up to now. */
  async complete(): Promise<void> {
    const now = Date.now();
    await until(`the log of ${this.id} to be complete`, async () => {
      const { body } = await ask<{ complete_until: string | null }>(up().admin, `/v1/me?tenant=${this.id}`);
      return body.complete_until !== null && Date.parse(body.complete_until) > now ? true : undefined;
    });
  }

  /** Asks as the platform does, about this tenant. */
  async read<T>(path: string): Promise<T> {
    return call<T>(up().admin, `${path}${path.includes("?") ? "&" : "?"}tenant=${this.id}`);
  }
}

let made = 0;

/** Makes a tenant without a key; what isn't said is as most tenants have it: logging on, every feature. */
export async function bareTenant(name: string, settings: Record<string, unknown> = {}): Promise<Tenant> {
  made += 1;
  const id = `t${process.pid}-${made}-${Date.now().toString(36)}`;
  const body = { id, name, logging: true, plan: "unlimited", time_zone: "Europe/Moscow", ...settings };
  await call(up().admin, "/v1/tenants", { method: "POST", body });
  return new Tenant(id, name, "");
}

/** Makes a tenant whose application has a key to send with. */
export async function newTenant(name: string, settings: Record<string, unknown> = {}): Promise<Tenant> {
  const bare = await bareTenant(name, settings);
  return new Tenant(bare.id, name, (await bare.key("ingest", "application")).secret);
}

const minute = 60_000;

/** A time before now, as events say it. */
export function ago({ days = 0, hours = 0, minutes = 0 }: { days?: number; hours?: number; minutes?: number }): string {
  return new Date(Date.now() - ((days * 24 + hours) * 60 + minutes) * minute).toISOString();
}
