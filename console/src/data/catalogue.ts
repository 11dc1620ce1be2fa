import { queryOptions } from "@tanstack/react-query";
import { api, result } from "./client";
import type { Schema } from "./schema";
import { scope } from "./scope";

export type CatalogueType = Schema<"TypeView">;

/** Every type of event, with its names in the reader's language. */
export const catalogue = () =>
  queryOptions({
    queryKey: ["catalogue", scope.tenant, scope.language],
    queryFn: async ({ signal }) => result(api.GET("/v1/catalogue", { signal })),
  });

/** What the log holds: which types, actions and kinds of objects there are to filter by. */
export const used = () =>
  queryOptions({
    queryKey: ["catalogue", "used", scope.tenant, scope.language],
    queryFn: async ({ signal }) => result(api.GET("/v1/catalogue/used", { signal })),
  });
