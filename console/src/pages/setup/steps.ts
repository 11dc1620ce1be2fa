/** Which of the four steps of the first event are done. */

/** The steps in their order. */
export const STEPS = ["logging", "key", "event", "user"] as const;

/** A step. */
export type Step = (typeof STEPS)[number];

/** What is known: `undefined` is not known yet. */
export interface Known {
  logging: boolean | undefined;
  /** Keys that may send and were not revoked. */
  keys: number | undefined;
  /** When an event was last received. */
  lastReceived: string | null | undefined;
  /** Whether any user is in the log. */
  users: boolean | undefined;
}

/** How a step stands. */
export type Standing = "done" | "now" | "later" | "unknown";

/**
 * How each step stands. What has arrived is done, whatever came before it: an event that straight went through Kafka
 * needs no key of ours.
 */
export function standings(known: Known): Record<Step, Standing> {
  const done: Record<Step, boolean | undefined> = {
    logging: known.logging,
    key: known.keys === undefined ? undefined : known.keys > 0,
    event: known.lastReceived === undefined ? undefined : known.lastReceived !== null,
    user: known.users,
  };
  const first = STEPS.find((step) => done[step] !== true);
  const standing = (step: Step): Standing => {
    if (done[step] === true) {
      return "done";
    }
    if (done[step] === undefined) {
      return "unknown";
    }
    return step === first ? "now" : "later";
  };
  return {
    logging: standing("logging"),
    key: standing("key"),
    event: standing("event"),
    user: standing("user"),
  };
}

/** Whether there is anything left to wait for. */
export function waiting(known: Known): boolean {
  return known.lastReceived === null || known.lastReceived === undefined || known.users !== true;
}

/** How often to look: every two seconds, and every ten once somebody has waited for ten minutes. */
export function pollAfter(waitedMs: number): number {
  return waitedMs < 600_000 ? 2000 : 10_000;
}
