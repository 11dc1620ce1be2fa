/** Sixty violations of sixty people: five of them high, the others medium. */
import { ago, newTenant, type Sent, type Tenant } from "../api";
import { until } from "../until";
import { from } from "./people";

export const HIGH = 5;
export const ALL = 60;
/** The limit that the exports break, and what they take. */
export const LIMIT = 1000;

const number = (index: number): string => String(index + 1).padStart(2, "0");

/** What one of the sixty did; `lone` people switch their second factor off, the others export too much. */
function broken(index: number): Sent {
  const lone = index < HIGH;
  return {
    id: `break-${number(index)}`,
    type: lone ? "user.two_factor_disabled" : "contacts.exported",
    occurred_at: ago({ minutes: ALL + 5 - index }),
    actor: { id: `u-${number(index)}`, name: `Person ${number(index)}` },
    ...(lone
      ? { object: { type: "user", id: `u-${number(index)}` } }
      : { records: LIMIT + index, object: { type: "contact" } }),
    context: from("chrome", `device-${number(index)}`, `session-${number(index)}`),
  };
}

export interface Summary {
  total: { value: number; exact: boolean };
  unreviewed: number;
}

/** How many nobody has reviewed, as the server counts them. */
export async function unreviewed(tenant: Tenant): Promise<number> {
  return (await tenant.read<Summary>("/v1/violations/summary")).unreviewed;
}

/** A tenant whose staff has sixty violations to look at. */
export async function triage(settings: Record<string, unknown> = {}): Promise<Tenant> {
  const tenant = await newTenant("Nordwind Sicherheit", {
    time_zone: "Europe/Prague",
    detection: { profile: "none", enabled: ["mass-export", "second-factor-disabled"] },
    ...settings,
  });
  await tenant.tell(Array.from({ length: ALL }, (_, index) => broken(index)));
  await until("sixty violations", async () => ((await unreviewed(tenant)) === ALL ? true : undefined));
  return tenant;
}
