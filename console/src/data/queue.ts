/** The server runs four requests of a tenant at a time; more would only be refused. */
export class Queue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly most: number) {}

  /** Runs it once there is room; what is aborted while it waits never runs. */
  async run<T>(signal: AbortSignal | null | undefined, work: () => Promise<T>): Promise<T> {
    while (this.#running >= this.most) {
      // oxlint-disable-next-line no-await-in-loop -- it waits for room
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    // What waited and was aborted gives its room to the next.
    this.#running += 1;
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}
