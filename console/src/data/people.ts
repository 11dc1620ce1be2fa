import { queryOptions } from "@tanstack/react-query";
import { api, result } from "./client";
import { scope } from "./scope";

/** People by their ids, those who left as well. */
export const usersById = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["users", scope.tenant, "by id", ids],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/users", { signal, params: { query: { id: [...ids], include_deactivated: true } } })),
  });

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
