import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, read, result } from "./client";
import type { Event, Schema } from "./schema";
import { scope } from "./scope";

export type FacetValue = Schema<"FacetValue">;
export type Facet = Schema<"Facet">;
export type FacetName = keyof Schema<"Facets">;
/** Counts of a filtered log; `exact: false` is "at least". */
export type Summary = Schema<"EventSummary">;

/** A page of events; the first of the newest has a cursor to follow from. */
export type EventPage = Schema<"Page_Event">;
export type HistoryPage = Schema<"History">;
export type { Event };

/** Where an event is ambiguous, its sender tells which one is meant. */
export interface EventKey {
  id: string;
  source?: string | undefined;
}

const firstPage: string | undefined = undefined;

const sender = ({ source }: EventKey) => (source === undefined || source === "" ? {} : { source });

export const event = (key: EventKey) =>
  queryOptions({
    queryKey: ["events", scope.tenant, scope.language, key.id, key.source ?? ""],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/events/{id}", { signal, params: { path: { id: key.id }, query: sender(key) } })),
  });

/** Counts by the filter: the histogram and what stands beside the values of each filter. */
export const summary = (query: Record<string, string>) =>
  queryOptions({
    queryKey: ["events", "summary", scope.tenant, scope.language, query],
    queryFn: async ({ signal }) => read<Summary>("/v1/events/summary", query, signal),
  });

/** Looks at something, the latest first, by as many as one request may have: they are counted by person. */
export const viewPages = (query: Record<string, string>) =>
  infiniteQueryOptions({
    queryKey: ["events", "views", scope.tenant, scope.language, query],
    queryFn: async ({ signal, pageParam }) =>
      read<EventPage>(
        "/v1/events",
        { ...query, limit: "1000", ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        signal,
      ),
    initialPageParam: firstPage,
    getNextPageParam: (page: EventPage) => page.next_cursor ?? undefined,
  });

/** The last state of an object, as its history tells it. */
export const lastState = (type: string, id: string) =>
  queryOptions({
    queryKey: ["objects", scope.tenant, scope.language, type, id, "state"],
    queryFn: async ({ signal }) =>
      result(
        api.GET("/v1/objects/{type}/{id}/history", {
          signal,
          params: { path: { type, id }, query: { limit: 1, order: "desc" } },
        }),
      ),
  });

/** How a restore ended, or how far it is. */
export const restoreOf = (key: EventKey) =>
  queryOptions({
    queryKey: ["events", scope.tenant, scope.language, key.id, key.source ?? "", "restore"],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/events/{id}/restore", { signal, params: { path: { id: key.id }, query: sender(key) } })),
  });

export async function restore(key: EventKey): Promise<Schema<"Restore">> {
  const answer = await result(
    api.POST("/v1/events/{id}/restore", { params: { path: { id: key.id }, query: sender(key) } }),
  );
  return answer.data;
}
