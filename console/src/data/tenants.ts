import { queryOptions } from "@tanstack/react-query";
import { api, result } from "./client";

/** For the platform's switcher. */
export const tenants = () =>
  queryOptions({
    queryKey: ["tenants"],
    queryFn: async ({ signal }) => result(api.GET("/v1/tenants", { signal })),
  });
