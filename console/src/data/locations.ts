import { queryOptions } from "@tanstack/react-query";
import { api, result } from "./client";
import { scope } from "./scope";

/** Branches and offices that events came from, by how many. */
export const locations = (period: "last_30_days" | "last_90_days") =>
  queryOptions({
    queryKey: ["statistics", "location", scope.tenant, period],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/statistics", { signal, params: { query: { by: ["location"], top: 100, period } } })),
  });
