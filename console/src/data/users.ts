/** Users, their devices and sessions, and whether the checks are on for them. */
import { queryOptions } from "@tanstack/react-query";
import { api, read, result } from "./client";
import type { Schema } from "./schema";
import { scope } from "./scope";

/** A user as the list shows one. The marks are there only for those who may see violations. */
export type User = Schema<"User">;
export type UserPage = Schema<"Page_User">;
export type SignIn = Schema<"SignIn">;
export type SignInPage = Schema<"Page_SignIn">;
export type UserDevice = Schema<"UserDevice">;
export type DevicePage = Schema<"Page_UserDevice">;
export type Flag = Schema<"Flag">;
export type Session = Schema<"Session">;
export type SessionPage = Schema<"Page_Session">;
export type Access = Schema<"Access">;
export type AccessView = Schema<"AccessView">;
export type Exemption = Schema<"ExemptionView">;

/** Violations of a user that nobody has reviewed; nothing where the caller may not see them. */
export function unreviewedOf(user: User): number | undefined {
  return user.unreviewed_violations ?? undefined;
}

export const user = (id: string) =>
  queryOptions({
    queryKey: ["users", scope.tenant, id],
    queryFn: async ({ signal }) => {
      const answer = await result(api.GET("/v1/users/{id}", { signal, params: { path: { id } } }));
      const data: User = answer.data;
      return { ...answer, data };
    },
  });

/** Whose checks are off, why and until when; null where they are on. */
export const exemption = (id: string) =>
  queryOptions({
    queryKey: ["users", scope.tenant, id, "exemption"],
    queryFn: async ({ signal }): Promise<Exemption | null> => {
      // Asked for by id it would be a 404 for nearly everybody, which browsers report as an error.
      const { data } = await result(api.GET("/v1/exemptions", { signal }));
      return data.find((one) => one.user_id === id) ?? null;
    },
  });

export async function exempt(id: string, body: Schema<"NewExemption">): Promise<Exemption> {
  return result(api.PUT("/v1/users/{id}/exemption", { params: { path: { id } }, body }));
}

export async function endExemption(id: string): Promise<Exemption> {
  return result(api.DELETE("/v1/users/{id}/exemption", { params: { path: { id } } }));
}

/** What was decided about a device: by whom, when and why. */
export const access = (id: string, device: string) =>
  queryOptions({
    queryKey: ["users", scope.tenant, id, "access", device],
    queryFn: async ({ signal }) =>
      result(api.GET("/v1/users/{id}/devices/{device}/access", { signal, params: { path: { id, device } } })),
  });

export async function decide(id: string, device: string, body: Schema<"NewAccess">): Promise<AccessView> {
  return result(api.PUT("/v1/users/{id}/devices/{device}/access", { params: { path: { id, device } }, body }));
}

/** As if nothing had been decided. */
export async function takeBack(id: string, device: string): Promise<AccessView> {
  return result(api.DELETE("/v1/users/{id}/devices/{device}/access", { params: { path: { id, device } } }));
}

/** The first user that is there, if there is any. */
export const anyUser = () =>
  queryOptions({
    queryKey: ["users", scope.tenant, "any"],
    queryFn: async ({ signal }) => read<UserPage>("/v1/users", { limit: "1" }, signal),
  });
