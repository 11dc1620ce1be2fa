import { type ReactNode, useMemo } from "react";
import { useMe } from "../data/me";
import { type Zones as Chosen, ZonesProvider } from "../kit/clock";
import { usePreferences } from "./preferences";

/** The zone that times are shown in: the tenant's, unless the reader chose another. */
export function Zones({ children }: { children: ReactNode }) {
  const { tenant } = useMe();
  const { zone: choice } = usePreferences();
  const zones = useMemo((): Chosen => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const theirs = tenant?.time_zone ?? "UTC";
    return { choice, own, tenant: theirs, zone: { tenant: theirs, own, utc: "UTC" }[choice] };
  }, [tenant, choice]);
  return <ZonesProvider value={zones}>{children}</ZonesProvider>;
}
