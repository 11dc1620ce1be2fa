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

/** How many there are by the filter, by level, rule and user. */
export type ViolationSummary = Schema<"ViolationSummary">;

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
    queryFn: async ({ signal }) => read<ViolationSummary>("/v1/violations/summary", query, signal),
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

/** How many requests one act may take: at 500 each, more than anybody has looked at. */
const rounds = 40;

/** Marks many: the server takes 500 at a time and says whether there are more. What it could not record stays unreviewed. */
export async function reviewMany(body: Reviews): Promise<{ reviewed: number; failed: string[]; applied: boolean }> {
  const done = { reviewed: 0, failed: new Array<string>(), applied: true };
  for (let round = 0; round < rounds; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each takes what the one before left
    const { data, applied } = await result(api.POST("/v1/violations/reviews", { body }));
    done.reviewed += data.reviewed;
    done.failed = data.failed;
    done.applied &&= applied;
    if (!data.more || data.reviewed === 0) {
      break;
    }
  }
  return done;
}

/** A value within a list of the API, where a comma would part it. */
export function listed(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll(",", "\\,");
}
