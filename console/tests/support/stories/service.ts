/** A service business: orders, clients and tasks at three places, some of it of before the log. */
import { createServer, type Server } from "node:http";
import { ago, call, newTenant, type Sent, type Tenant } from "../api";
import { from, person } from "./people";

export const ANNA = person("e-1", "Анна Соколова", "anna@example.com");
export const IVAN = person("e-2", "Иван Петров", "ivan@example.com");

export const CENTRE = "Центр";
export const NORTH = "Север";
export const STORE = "Склад";

/** Where the tenant's application has its orders; nobody goes there. */
export const ORDERS = "https://service.example/orders/{id}";
export const RECORDING = "https://service.example/recordings/1";

const status = (
  id: string,
  at: string,
  who: typeof ANNA,
  location: string,
  order: string,
  change: [string | undefined, string],
): Sent => ({
  id,
  type: "order.status_changed",
  occurred_at: at,
  actor: who,
  location,
  object: { type: "order", id: order, name: `Заказ ${order}` },
  changes: [{ path: "status", ...(change[0] === undefined ? {} : { old: change[0] }), new: change[1] }],
});

const story = (): Sent[] => [
  {
    id: "j-long-ago",
    type: "task.created",
    occurred_at: ago({ days: 40 }),
    actor: IVAN,
    location: CENTRE,
    object: { type: "task", id: "T-9", name: "Старая задача" },
    backfill: true,
  },
  {
    id: "j-past",
    type: "task.created",
    occurred_at: ago({ days: 3 }),
    actor: ANNA,
    location: CENTRE,
    object: { type: "task", id: "T-1", name: "Позвонить клиенту" },
    backfill: true,
  },
  status("j-1", ago({ days: 1, minutes: 3 }), ANNA, CENTRE, "O-1", ["Новый", "В работе"]),
  status("j-2", ago({ days: 1, minutes: 2 }), ANNA, NORTH, "O-2", [undefined, "Готов"]),
  status("j-3", ago({ days: 1, minutes: 1 }), IVAN, CENTRE, "O-3", ["Новый", "Готов"]),
  status("j-4", ago({ days: 1 }), ANNA, STORE, "O-4", ["Новый", "Отменён"]),
  {
    id: "j-5",
    type: "client.created",
    occurred_at: ago({ days: 1 }),
    actor: ANNA,
    location: CENTRE,
    object: { type: "client", id: "C-1", name: "ООО «Ромашка»" },
  },
  status("j-6", ago({ minutes: 30 }), ANNA, CENTRE, "O-5", ["Новый", "В работе"]),
  {
    id: "j-7",
    type: "order.deleted",
    occurred_at: ago({ minutes: 25 }),
    actor: IVAN,
    location: CENTRE,
    object: { type: "order", id: "O-6", name: "Заказ O-6" },
  },
  {
    id: "j-8",
    type: "task.deleted",
    occurred_at: ago({ minutes: 20 }),
    actor: ANNA,
    location: CENTRE,
    object: { type: "task", id: "T-1", name: "Позвонить клиенту" },
  },
  {
    id: "j-9",
    type: "call.incoming",
    occurred_at: ago({ minutes: 15 }),
    actor: IVAN,
    object: { type: "call", id: "7", name: "+7 900 000-00-00" },
    payload: { recording_url: RECORDING },
  },
  {
    id: "j-10",
    type: "sms.sent",
    occurred_at: ago({ minutes: 10 }),
    actor: IVAN,
    object: { type: "sms", id: "8" },
    payload: { text: "Ваш заказ готов" },
  },
  {
    id: "j-11",
    type: "user.signed_in",
    occurred_at: ago({ minutes: 5 }),
    actor: IVAN,
    object: { type: "user", id: IVAN.id },
    context: from("chrome", "cookie-ivan", "s-1"),
  },
];

/** The business, with its story told. */
export async function service(settings: Record<string, unknown> = {}): Promise<Tenant> {
  const tenant = await newTenant("Сервис «Болт»", { languages: ["ru"], url_templates: { order: ORDERS }, ...settings });
  await tenant.tell(story());
  return tenant;
}

/** The tenant's application, as far as restores go: it takes all of them. */
export interface Application {
  asked: unknown[];
  close: () => Promise<void>;
}

/** Starts one, and has the tenant's restores sent to it. */
export async function application(admin: string): Promise<Application> {
  const asked: unknown[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      asked.push(JSON.parse(Buffer.concat(parts).toString("utf8")));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}/restore`;
  await call(admin, "/v1/settings/restore-endpoint", { method: "PUT", body: { url } });
  return { asked, close: async () => new Promise((resolve) => server.close(() => resolve())) };
}
