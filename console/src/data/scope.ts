/** For whom and in which language everything is asked; set once by the shell, before anything is read. */
interface Scope {
  language: string;
  /** The tenant that a credential of the platform looks at. */
  tenant: string | undefined;
}

const kept = "usertrail.tenant";

export const scope: Scope = { language: "en", tenant: undefined };

/** The tenant of the address, else the one that was looked at last in this tab. */
export function readTenant(search: URLSearchParams): string | undefined {
  return search.get("tenant") ?? sessionStorage.getItem(kept) ?? undefined;
}

export function keepTenant(tenant: string): void {
  scope.tenant = tenant;
  sessionStorage.setItem(kept, tenant);
}
