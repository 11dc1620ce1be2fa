import type { components } from "../../../clients/typescript/src/schema";

/** What the server grows while the console is built; the schema takes its place. */
type Schemas = components["schemas"];

interface Answers<T> {
  200: { headers: Record<string, unknown>; content: { "application/json": T } };
  400: { headers: Record<string, unknown>; content: { "application/problem+json": Schemas["Problem"] } };
}

interface Get<Query, T> {
  parameters: { query?: Query; header?: never; path?: never; cookie?: never };
  get: {
    parameters: { query?: Query; header?: never; path?: never; cookie?: never };
    requestBody?: never;
    responses: Answers<T>;
  };
  put?: never;
  post?: never;
  delete?: never;
  options?: never;
  head?: never;
  patch?: never;
  trace?: never;
}

/** Who asks, and for which tenant. */
export interface Me {
  who: { kind: "key" | "person"; id: string; name: string; email?: string };
  permissions: Schemas["Permission"][];
  tenant: {
    id: string;
    name: string;
    time_zone: string;
    week_start: Schemas["WeekStart"];
    languages: Schemas["Lang"][];
    logging: boolean;
    logging_since?: string | null;
    plan: Schemas["PlanView"];
    look_back_from: string | null;
  } | null;
  unreviewed_violations?: number;
  version: string;
}

export interface SummaryBucket {
  from: string;
  to: string;
  create: number;
  change: number;
  delete: number;
  other: number;
}

export interface FacetValue {
  value: string;
  label?: string;
  count: number;
}

export interface Facet {
  values: FacetValue[];
  exact: boolean;
  more: boolean;
}

export type FacetName =
  "class" | "action" | "type" | "object_type" | "actor" | "location" | "outcome" | "country" | "module" | "rule";

/** Counts of a filtered log; `exact: false` is "at least". */
export interface Summary {
  period: Schemas["PeriodView"];
  complete_until: string | null;
  total: { value: number; exact: boolean };
  histogram: { interval: "minute" | "hour" | "day"; buckets: SummaryBucket[]; exact: boolean };
  facets: Partial<Record<FacetName, Facet>>;
}

export interface PendingPaths {
  "/v1/me": Get<{ tenant?: string }, { data: Me; complete_until: string | null }>;
  "/v1/events/summary": Get<Record<string, string>, Summary>;
}
