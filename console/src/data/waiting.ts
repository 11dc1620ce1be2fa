/** Until when the console waits because the server asked it to: shown with a countdown, so that nobody wonders. */
type Listener = () => void;

let until: number | null = null;
const listeners = new Set<Listener>();

export function setWaiting(time: number | null): void {
  until = time;
  listeners.forEach((listener) => listener());
}

export function waitingUntil(): number | null {
  return until;
}

export function onWaiting(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Seconds of `Retry-After`, which is a number or a date; else the time doubles with each attempt. */
export function secondsToWait(header: string | null, attempt: number, now: number): number {
  const seconds = header === null || header.trim() === "" ? Number.NaN : Number(header);
  if (Number.isFinite(seconds)) {
    return Math.max(0, seconds);
  }
  const date = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(date) ? 2 ** attempt : Math.max(0, (date - now) / 1000);
}

/** Waits, unless it is aborted. */
export async function pause(seconds: number, signal: AbortSignal | null | undefined): Promise<void> {
  setWaiting(Date.now() + seconds * 1000);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  } finally {
    setWaiting(null);
  }
}
