/** Broken rules, and what was said about them. */
import { queryOptions } from "@tanstack/react-query";
import { api, read, result } from "./client";
import type { Schema } from "./schema";
import { scope } from "./scope";

export type Violation = Schema<"Violation">;
export type ViolationPage = Schema<"Page_Violation">;
export type Explanation = Schema<"ExplainedViolation">;
export type ExplainedStep = Schema<"ExplainedStep">;
export type ReviewAnswer = Schema<"ReviewAnswer">;

interface Counted {
  value: string;
  label?: string;
  count: number;
  unreviewed: number;
}

/** How many there are by the filter, by level, rule and user. */
export interface ViolationSummary {
  total: { value: number; exact: boolean };
  level: Counted[];
  rule: Counted[];
  user: Counted[];
}

/** Which violations to review at once: those with these ids, or all that match a filter and were there at a time. */
export type Reviews = { ids: string[]; note: string } | { filter: Record<string, string>; until: string; note: string };

export async function violationPage(query: Record<string, string>, signal: AbortSignal): Promise<ViolationPage> {
  return read<ViolationPage>("/v1/violations", query, signal);
}

export const violation = (id: string) =>
  queryOptions({
    queryKey: ["violations", scope.tenant, scope.language, "one", id],
    queryFn: async ({ signal }) => result(api.GET("/v1/violations/{id}", { signal, params: { path: { id } } })),
  });

/** Condition by condition, why the rule was broken. */
export const explanation = (id: string) =>
  queryOptions({
    queryKey: ["violations", scope.tenant, scope.language, "explain", id],
    queryFn: async ({ signal }) => result(api.GET("/v1/violations/{id}/explain", { signal, params: { path: { id } } })),
  });

export const violationSummary = (query: Record<string, string>) =>
  queryOptions({
    queryKey: ["violations", scope.tenant, scope.language, "summary", query],
    queryFn: async ({ signal }) => {
      // The server has it bare, or as `data`, as single things are.
      const answer = await read<ViolationSummary | { data: ViolationSummary }>("/v1/violations/summary", query, signal);
      return "data" in answer ? answer.data : answer;
    },
  });

/** What else of a user nobody has looked at. */
export const openOf = (userId: string) =>
  queryOptions({
    queryKey: ["violations", scope.tenant, scope.language, "open", userId],
    queryFn: async ({ signal }) => violationPage({ user_id: listed(userId), reviewed: "false", limit: "20" }, signal),
  });

export const deliveries = (id: string) =>
  queryOptions({
    queryKey: ["alerts", scope.tenant, "deliveries", id],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/alerts/deliveries", { signal, params: { query: { violation: [id], limit: 20 } } })),
  });

/** Marks it as looked at, as far as it had come; what comes later makes it unreviewed again. */
export async function review(id: string, note: string, count: number): Promise<ReviewAnswer> {
  return result(api.POST("/v1/violations/{id}/review", { params: { path: { id } }, body: { note, count } }));
}

export async function unreview(id: string): Promise<ReviewAnswer> {
  return result(api.DELETE("/v1/violations/{id}/review", { params: { path: { id } } }));
}

/** Marks many, within the bounds of one request. */
export async function reviewMany(body: Reviews): Promise<{ reviewed: number; already: number }> {
  const post = api.POST as unknown as (
    path: string,
    init: { body: Reviews },
  ) => Promise<{ data?: { data: { reviewed: number; already: number } }; error?: unknown; response: Response }>;
  return (await result(post("/v1/violations/reviews", { body }))).data;
}

/** A value within a list of the API, where a comma would part it. */
export function listed(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll(",", "\\,");
}
