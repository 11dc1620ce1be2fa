/** Rules, and how events stand to them. */
import { queryOptions } from "@tanstack/react-query";
import { api, result } from "./client";
import { scope } from "./scope";

/** Those that apply to the tenant. */
export const rules = () =>
  queryOptions({
    queryKey: ["rules", scope.tenant, scope.language],
    queryFn: async ({ signal }) => result(api.GET("/v1/rules", { signal })),
  });

export const explanationFor = ({ id, source }: { id: string; source?: string }, rule: string) =>
  queryOptions({
    queryKey: ["events", scope.tenant, scope.language, id, source ?? "", "explain", rule],
    queryFn: async ({ signal }) =>
      result(
        api.GET("/v1/events/{id}/explain", {
          signal,
          params: { path: { id }, query: { rule, ...(source === undefined || source === "" ? {} : { source }) } },
        }),
      ),
  });
