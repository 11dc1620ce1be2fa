import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, result } from "./client";
import type { Permission, Schema } from "./schema";
import { scope } from "./scope";

export type Me = Schema<"Me">;

/** Once a session: who asks, what they may, and the tenant's clock. */
export const me = () =>
  queryOptions({
    queryKey: ["me", scope.tenant],
    queryFn: ({ signal }) => result(api.GET("/v1/me", { signal })),
    gcTime: Number.POSITIVE_INFINITY,
  });

export type Tenant = NonNullable<Me["tenant"]>;

/** Who asks. The shell has read it before any page is shown. */
export function useMe(): Me {
  return useSuspenseQuery(me()).data.data;
}

/** The tenant that is looked at; pages are shown only where there is one. */
export function useTenant(): Tenant {
  const { tenant } = useMe();
  if (tenant === null) {
    throw new Error("a page was shown without a tenant");
  }
  return tenant;
}

export function useMay(permission: Permission): boolean {
  return useMe().permissions.includes(permission);
}
