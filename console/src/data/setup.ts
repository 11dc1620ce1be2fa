/** What the first event takes: logging, a key, and what became of what was sent. */
import { queryOptions } from "@tanstack/react-query";
import { api, read, result } from "./client";
import type { Schema } from "./schema";
import { scope } from "./scope";

export type Key = Schema<"KeyView">;
export type NewKey = Schema<"NewKeyView">;

/** Why something was refused, by its latest example. */
export interface Refusal {
  code: string;
  count: number;
  last: { at: string; pointer: string | null; detail: string };
}

/** What was received of a tenant, and what was refused. */
export interface IngestStatus {
  last_received: string | null;
  keys: {
    key_id: string;
    label?: string;
    accepted_hour: number;
    rejected_hour: number;
    accepted_day: number;
    rejected_day: number;
    codes: Refusal[];
  }[];
}

export const ingestStatus = () =>
  queryOptions({
    queryKey: ["ingest", scope.tenant, "status"],
    queryFn: async ({ signal }) => (await read<{ data: IngestStatus }>("/v1/ingest/status", {}, signal)).data,
  });

export const logging = () =>
  queryOptions({
    queryKey: ["settings", scope.tenant, "logging"],
    queryFn: async ({ signal }) => result(api.GET("/v1/settings/logging", { signal })),
  });

/** Turns recording on; for how long everything is kept is said first. */
export async function turnOnLogging(days: number): Promise<Schema<"Logging">> {
  // What is not named stays as it is; the generated type names everything.
  const retention = { all: days } as Schema<"RetentionChange">;
  return result(api.PUT("/v1/settings/logging", { body: { enabled: true, retention } }));
}

export const keys = (tenant: string) =>
  queryOptions({
    queryKey: ["keys", tenant],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/tenants/{id}/keys", { signal, params: { path: { id: tenant } } })),
  });

/** A key that may send events and nothing else. Its secret is in this answer alone. */
export async function makeKey(tenant: string, name: string): Promise<NewKey> {
  return result(
    api.POST("/v1/tenants/{id}/keys", { params: { path: { id: tenant } }, body: { role: "ingest", name } }),
  );
}

/** What became of a test event: accepted, or refused with the reason. */
export type TestOutcome =
  { accepted: true } | { accepted: false; code: string; detail: string; pointer: string | null };

/** Sends an event with a key that was just made: the session itself may not send. */
export async function sendTest(secret: string, event: object): Promise<TestOutcome> {
  const response = await fetch("/v1/events", {
    method: "POST",
    // The key speaks, not the session.
    credentials: "omit",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify(event),
  });
  const answer = (await response.json()) as Partial<Schema<"Answer"> & Schema<"Problem">>;
  if (response.ok && (answer.accepted ?? 0) > 0) {
    return { accepted: true };
  }
  const [first] = (answer.events ?? []) as Partial<Schema<"EventResult">>[];
  return {
    accepted: false,
    code: first?.code ?? answer.code ?? "unknown",
    detail: first?.detail ?? answer.detail ?? response.statusText,
    pointer: first?.pointer ?? answer.pointer ?? null,
  };
}
