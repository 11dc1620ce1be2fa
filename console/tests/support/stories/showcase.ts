/** A tenant that has something on every page of the console. */
import { ago, newTenant, type Sent, type Tenant } from "../api";
import { until } from "../until";
import { from, person } from "./people";

/** Names as long as people have them. */
export const LUCIE = person("u-1", "Lucie Žďárská-Nepomucká z Rožmitálu", "lucie@example.com");
export const IVAN = person("u-2", "Иван Петров", "ivan@example.com");

const story = (): Sent[] => [
  ...Array.from({ length: 40 }, (_, index): Sent => {
    const who = index % 2 === 0 ? LUCIE : IVAN;
    return {
      id: `old-${index}`,
      type: index % 3 === 0 ? "client.updated" : "deal.viewed",
      occurred_at: ago({ days: 1 + (index % 20), minutes: index }),
      actor: who,
      location: index % 2 === 0 ? "Praha" : "Brno",
      object:
        index % 3 === 0
          ? { type: "client", id: `C-${index}`, name: "Lucie Černá" }
          : { type: "deal", id: `D-${index}` },
      ...(index % 3 === 0 ? { changes: [{ path: "phone", old: "1", new: "2" }] } : {}),
      backfill: true,
    };
  }),
  {
    id: "s-1",
    type: "user.signed_in",
    occurred_at: ago({ minutes: 50 }),
    actor: LUCIE,
    object: { type: "user", id: LUCIE.id },
    context: from("chrome", "cookie-1", "s-1"),
  },
  {
    id: "s-2",
    type: "user.signed_in",
    occurred_at: ago({ minutes: 40 }),
    actor: LUCIE,
    object: { type: "user", id: LUCIE.id },
    context: from("phone", "cookie-2", "s-2", "1.1.1.1"),
  },
  {
    id: "s-3",
    type: "order.status_changed",
    occurred_at: ago({ minutes: 30 }),
    actor: LUCIE,
    location: "Praha",
    object: { type: "order", id: "O-1", name: "Výměna čerpadla v kotelně, II. etapa" },
    changes: [
      { path: "status", old: "nová", new: "v řešení" },
      { path: "services/2", op: "add", new: { name: "Revize", price: 1200 } },
    ],
  },
  {
    id: "s-4",
    type: "task.deleted",
    occurred_at: ago({ minutes: 20 }),
    actor: IVAN,
    object: { type: "task", id: "T-1", name: "Позвонить клиенту" },
  },
  {
    id: "s-5",
    type: "contacts.exported",
    occurred_at: ago({ minutes: 10 }),
    actor: LUCIE,
    object: { type: "contact" },
    records: 2500,
    context: from("phone", "cookie-2", "s-2", "1.1.1.1"),
  },
];

/** The tenant, and the id of one of its violations. */
export interface Showcase {
  tenant: Tenant;
  violation: string;
}

export async function showcase(settings: Record<string, unknown> = {}): Promise<Showcase> {
  const tenant = await newTenant("Stavebniny Žďár nad Sázavou s.r.o.", {
    time_zone: "Europe/Prague",
    url_templates: { order: "https://crm.example/orders/{id}" },
    detection: { profile: "none", enabled: ["mass-export", "too-many-devices"], limits: { devices_per_day: 1 } },
    ...settings,
  });
  await tenant.tell(story());
  const violation = await until("two violations", async () => {
    const { data } = await tenant.read<{ data: { id: string; rule: string }[] }>("/v1/violations");
    return data.length >= 2 ? data.find(({ rule }) => rule === "too-many-devices")?.id : undefined;
  });
  return { tenant, violation };
}
