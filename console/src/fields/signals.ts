/** What was new, far or much about a sign-in, worst first, as far as it is worth a word in a list. */
import type { Words } from "../words/words";

/** In the order in which they are said. */
const FLAGS = [
  "new_country",
  "new_device",
  "new_network",
  "new_ip",
  "session_country_changed",
  "session_ip_changed",
  "first_sign_in",
  "late",
] as const;

const NUMBERS = [
  "travel_km",
  "travel_kmh",
  "days_since_seen",
  "failed_sign_ins_1h",
  "devices_24h",
  "ips_24h",
  "countries_24h",
  "sessions_active",
] as const;

/** From so many on a count is worth a word. */
const LEAST: Partial<Record<(typeof NUMBERS)[number], number>> = {
  days_since_seen: 30,
  failed_sign_ins_1h: 1,
  devices_24h: 2,
  ips_24h: 2,
  countries_24h: 2,
  sessions_active: 2,
};

function pick(signals: object, name: string): unknown {
  return Object.entries(signals).find(([key]) => key === name)?.[1];
}

/** Signals in words. */
export function signalWords(signals: object, { t, locale }: Words): string[] {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const access = pick(signals, "device_access");
  const flags = FLAGS.filter((name) => pick(signals, name) === true).map((name) => t(`user.signal.${name}`));
  const numbers = NUMBERS.flatMap((name) => {
    const value = pick(signals, name);
    return typeof value === "number" && value >= (LEAST[name] ?? 0)
      ? [t(`user.signal.${name}`, { value: number.format(value) })]
      : [];
  });
  return [
    ...(access === "block" || access === "ask" ? [t(`user.signal.device_access.${access}`)] : []),
    ...flags,
    ...numbers,
  ];
}
