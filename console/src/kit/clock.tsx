import { createContext, type ReactNode, useContext } from "react";

/** Whose zone times are shown in. Which day it is, is always the tenant's to say. */
export type ZoneChoice = "tenant" | "own" | "utc";

export interface Zones {
  /** The zone that times are shown in. */
  zone: string;
  tenant: string;
  own: string;
  choice: ZoneChoice;
}

const fallback: Zones = { zone: "UTC", tenant: "UTC", own: "UTC", choice: "tenant" };

const Context = createContext<Zones>(fallback);

export function ZonesProvider({ value, children }: { value: Zones; children: ReactNode }) {
  return <Context value={value}>{children}</Context>;
}

export function useZones(): Zones {
  return useContext(Context);
}
