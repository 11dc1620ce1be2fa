import { queryOptions } from "@tanstack/react-query";
import { api, result } from "./client";
import { scope } from "./scope";

/** People to pick from, by what is typed. */
export const userSearch = (q: string, deactivated: boolean) =>
  queryOptions({
    queryKey: ["users", scope.tenant, "search", q, deactivated],
    queryFn: async ({ signal }) =>
      result(
        api.GET("/v1/users", {
          signal,
          params: {
            query: { limit: 50, ...(q === "" ? {} : { q }), ...(deactivated ? { include_deactivated: true } : {}) },
          },
        }),
      ),
    placeholderData: (before) => before,
  });
