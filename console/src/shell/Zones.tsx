import { type ReactNode, useCallback, useMemo } from "react";
import { useAddress } from "../address";
import { useMe } from "../data/me";
import { type Zones as Chosen, type ZoneChoice, ZonesProvider } from "../kit/clock";
import { prefer, usePreferences } from "./preferences";

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format() !== "";
  } catch {
    return false;
  }
}

const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * The zone that times are shown in: the address's, so that whoever follows a link reads the same times; else what the reader chose,
 * else the tenant's.
 */
export function Zones({ children }: { children: ReactNode }) {
  const { tenant } = useMe();
  const { zone: preferred } = usePreferences();
  const { search } = useAddress();
  const asked = search["_zone"];
  const zones = useMemo((): Chosen => {
    const theirs = tenant?.time_zone ?? "UTC";
    const named = { tenant: theirs, own, utc: "UTC" };
    if (asked !== undefined && isZone(asked)) {
      const choice = asked === theirs ? "tenant" : asked === "UTC" ? "utc" : "own";
      return { choice, own, tenant: theirs, zone: asked };
    }
    return { choice: preferred, own, tenant: theirs, zone: named[preferred] };
  }, [tenant, preferred, asked]);
  return <ZonesProvider value={zones}>{children}</ZonesProvider>;
}

/** Chooses a zone; the address names it wherever it is not the tenant's. */
export function useChooseZone(): (choice: ZoneChoice) => void {
  const { search, replace } = useAddress();
  return useCallback(
    (choice) => {
      prefer({ zone: choice });
      const { _zone: _, ...rest } = search;
      replace(choice === "tenant" ? rest : { ...rest, _zone: choice === "own" ? own : "UTC" });
    },
    [search, replace],
  );
}
