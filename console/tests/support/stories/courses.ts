/** A course platform: participants who sign in, one of them from more devices than her account may have. */
import { ago, newTenant, type Sent, type Tenant } from "../api";
import { until } from "../until";
import { from, person } from "./people";

export const MARIA = person("u-100", "Мария Кузнецова", "maria@example.com");
export const OLEG = person("u-200", "Олег Смирнов", "oleg@example.com");
/** Who left. */
export const VERA = person("u-300", "Вера Орлова", "vera@example.com");

/** The restriction that the owner has set: one device a day. */
export const LIMIT = 1;
export const HOME = "cookie-home";
export const SHARED = "cookie-shared";

const signIn = (
  id: string,
  who: typeof MARIA,
  at: string,
  context: Record<string, unknown>,
  more: Partial<Sent> = {},
): Sent => ({
  id,
  type: "user.signed_in",
  occurred_at: at,
  actor: who,
  object: { type: "user", id: who.id },
  context,
  ...more,
});

const story = (): Sent[] => [
  // History, from before the platform began to send: it makes known what it shows and marks nobody.
  signIn("k-past-1", MARIA, ago({ days: 20 }), from("chrome", HOME, "s-1"), { backfill: true }),
  signIn("k-past-2", VERA, ago({ days: 10 }), from("firefox", "cookie-vera", "s-2"), { backfill: true }),
  signIn("k-1", MARIA, ago({ minutes: 50 }), from("chrome", HOME, "s-3")),
  {
    id: "k-2",
    type: "lesson.viewed",
    occurred_at: ago({ minutes: 45 }),
    actor: MARIA,
    object: { type: "lesson", id: "L-1", name: "Первый урок" },
    context: from("chrome", HOME, "s-3"),
  },
  {
    id: "k-3",
    type: "user.sign_in_failed",
    occurred_at: ago({ minutes: 40 }),
    actor: MARIA,
    object: { type: "user", id: MARIA.id },
    outcome: "failure",
    reason: "wrong_password",
    context: from("firefox", SHARED, "s-4", "1.1.1.1"),
  },
  signIn("k-4", MARIA, ago({ minutes: 39 }), from("firefox", SHARED, "s-5", "1.1.1.1")),
  signIn("k-5", OLEG, ago({ minutes: 30 }), from("phone", "cookie-oleg", "s-6")),
  {
    id: "k-6",
    type: "user.deactivated",
    occurred_at: ago({ days: 5 }),
    actor: OLEG,
    object: { type: "user", id: VERA.id, name: VERA.name },
    backfill: true,
  },
];

/** How many violations of a user nobody has reviewed, as the list of users says it. */
export async function marks(tenant: Tenant, user: string): Promise<number> {
  const { data } = await tenant.read<{ data: { unreviewed_violations: number } }>(`/v1/users/${user}`);
  return data.unreviewed_violations;
}

/** The platform, with its story told. */
export async function courses(): Promise<Tenant> {
  const tenant = await newTenant("Школа «Маяк»", {
    languages: ["ru"],
    detection: { profile: "none", enabled: ["too-many-devices"], limits: { devices_per_day: LIMIT } },
  });
  await tenant.tell(story());
  await until("Maria to be marked", async () => ((await marks(tenant, MARIA.id)) === 1 ? true : undefined));
  return tenant;
}
