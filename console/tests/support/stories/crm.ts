/** A CRM that nobody has logged yet: edits of its objects are kept all the same. */
import { ago, newTenant, type Sent, type Tenant } from "../api";
import { from, person } from "./people";

export const JANA = person("m-1", "Яна Новикова", "yana@example.com");
export const PETR = person("m-2", "Пётр Волков", "petr@example.com");
export const LENA = person("m-3", "Лена Белова", "lena@example.com");

/** The contact that everything is about. */
export const CONTACT = { type: "contact", id: "C-77", name: "ООО «Вектор»" };
export const DEAL = { type: "deal", id: "D-5", name: "Поставка насосов" };

const edit = (id: string, at: string, who: typeof JANA, old: string, next: string): Sent => ({
  id,
  type: "contact.updated",
  occurred_at: at,
  actor: who,
  object: CONTACT,
  changes: [{ path: "phone", old, new: next }],
});

/** Edits from before the switch. */
export const before = (): Sent[] => [
  { id: "l-made", type: "contact.created", occurred_at: ago({ hours: 3 }), actor: JANA, object: CONTACT },
  edit("l-before", ago({ hours: 2 }), PETR, "+7 900 111-11-11", "+7 900 222-22-22"),
];

/** What happens once it is on: views, edits, deletions, sign-ins, tasks, an export; two people, and the product itself. */
export const after = (): Sent[] => [
  {
    id: "l-1",
    type: "user.signed_in",
    occurred_at: ago({ minutes: 30 }),
    actor: JANA,
    object: { type: "user", id: JANA.id },
    context: from("chrome", "cookie-yana", "s-1"),
  },
  {
    id: "l-2",
    type: "user.sign_in_failed",
    occurred_at: ago({ minutes: 29 }),
    actor: PETR,
    object: { type: "user", id: PETR.id },
    outcome: "failure",
    reason: "wrong_password",
    context: from("firefox", "cookie-petr", "s-2"),
  },
  { id: "l-3", type: "contact.viewed", occurred_at: ago({ minutes: 25 }), actor: JANA, object: CONTACT, records: 1 },
  { id: "l-4", type: "contact.viewed", occurred_at: ago({ minutes: 24 }), actor: PETR, object: CONTACT, records: 1 },
  edit("l-5", ago({ minutes: 20 }), JANA, "+7 900 222-22-22", "+7 900 333-33-33"),
  { id: "l-6", type: "contact.viewed", occurred_at: ago({ minutes: 18 }), actor: LENA, object: CONTACT, records: 1 },
  { id: "l-7", type: "deal.viewed", occurred_at: ago({ minutes: 17 }), actor: JANA, object: DEAL, records: 1 },
  {
    id: "l-8",
    type: "task.completed",
    occurred_at: ago({ minutes: 16 }),
    actor: PETR,
    object: { type: "task", id: "T-1", name: "Подготовить счёт" },
  },
  {
    id: "l-9",
    type: "contacts.exported",
    occurred_at: ago({ minutes: 14 }),
    actor: PETR,
    object: { type: "contact" },
    records: 250,
  },
  {
    id: "l-10",
    type: "contact.updated",
    occurred_at: ago({ minutes: 12 }),
    actor: { kind: "system" },
    object: CONTACT,
    changes: [{ path: "score", old: 1, new: 2 }],
  },
  { id: "l-11", type: "contact.deleted", occurred_at: ago({ minutes: 10 }), actor: PETR, object: CONTACT },
];

/** The CRM as it is before anybody looks for its switch. */
export async function crm(): Promise<Tenant> {
  const tenant = await newTenant("CRM «Вектор»", { logging: false, languages: ["ru"] });
  await tenant.tell(before());
  return tenant;
}
