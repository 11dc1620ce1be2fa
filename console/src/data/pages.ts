/** A page of rows as the API answers it. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
  complete_until?: string | null;
}

export type ReadPage<T, P extends Page<T>> = (cursor: string | undefined, signal: AbortSignal) => Promise<P>;

/** Rows on a page of the list; the API's most is 1000, but the first rows should be there soon. */
export const pageSize = 200;
/** Pages whose rows are held; of the others the cursor is, so that they can be read again in place. */
export const mostHeld = 50;
/** Pages that are read ahead of what is in sight. */
const ahead = 2;

/**
 * The rows of a list, as far as they were asked for. Pages beyond the fiftieth push out those farthest from what is in sight; these
 * come back by their cursor, which is bound to the period of the first answer, so rows stay where they were.
 */
export class PageWindow<T, P extends Page<T> = Page<T>> {
  first: P | undefined;
  completeUntil: string | null | undefined;
  error: unknown;
  /** Rows seen so far, read or dropped. */
  count = 0;
  ended = false;
  version = 0;

  readonly #cursors: (string | undefined)[] = [undefined];
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];
  readonly #held = new Map<number, T[]>();
  readonly #loading = new Set<number>();
  readonly #listeners = new Set<() => void>();
  readonly #abort = new AbortController();

  constructor(readonly read: ReadPage<T, P>) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The row, or nothing while its page is not held. */
  row(index: number): T | undefined {
    const page = this.#pageOf(index);
    return this.#held.get(page)?.[index - (this.#starts[page] ?? 0)];
  }

  /** Every row that is held, in order, with its place. */
  *held(): Generator<[number, T]> {
    for (const [page, rows] of [...this.#held].sort(([a], [b]) => a - b)) {
      for (const [at, row] of rows.entries()) {
        yield [(this.#starts[page] ?? 0) + at, row];
      }
    }
  }

  /** The first page; nothing is shown before it. */
  async start(): Promise<void> {
    await this.#load(0);
    if (this.error !== undefined) {
      throw this.error;
    }
  }

  /** Sees to it that these rows are there, and the pages after them. */
  want(from: number, to: number): void {
    if (this.first === undefined || this.error !== undefined) {
      return;
    }
    const last = this.#pageOf(Math.min(to, this.count - 1));
    for (let page = this.#pageOf(from); page <= last; page += 1) {
      if (!this.#held.has(page)) {
        void this.#load(page);
      }
    }
    if (!this.ended && this.#starts.length <= last + ahead) {
      // Whoever began to load it goes on when it is there; asking again meanwhile would never end.
      void this.#load(this.#starts.length).then((loaded) => {
        if (loaded) {
          this.want(from, to);
        }
      });
    }
    this.#drop(this.#pageOf(from), last);
  }

  retry(): void {
    this.error = undefined;
    void this.#load(this.#starts.length);
  }

  stop(): void {
    this.#abort.abort();
  }

  #pageOf(index: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return Math.max(low, 0);
  }

  async #load(page: number): Promise<boolean> {
    if (this.#loading.has(page) || this.#abort.signal.aborted) {
      return false;
    }
    this.#loading.add(page);
    try {
      const answer = await this.read(this.#cursors[page], this.#abort.signal);
      if (this.#abort.signal.aborted) {
        return false;
      }
      this.#take(page, answer);
      return true;
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        this.error = error;
      }
      return false;
    } finally {
      this.#loading.delete(page);
      this.#changed();
    }
  }

  #take(page: number, answer: P): void {
    if (page === 0) {
      this.first = answer;
    }
    this.completeUntil = answer.complete_until;
    if (page === this.#starts.length) {
      this.#starts.push(this.count);
      this.#sizes.push(answer.data.length);
      this.count += answer.data.length;
      this.#cursors[page + 1] = answer.next_cursor ?? undefined;
      this.ended = answer.next_cursor === null;
    }
    // A page that was read again has as many rows as it had: erased ones are not filled up from the next.
    this.#held.set(page, answer.data.slice(0, this.#sizes[page]));
  }

  #drop(from: number, to: number): void {
    const distance = (page: number) => (page < from ? from - page : page > to ? page - to : 0);
    while (this.#held.size > mostHeld) {
      let farthest = -1;
      for (const page of this.#held.keys()) {
        if (farthest < 0 || distance(page) > distance(farthest)) {
          farthest = page;
        }
      }
      this.#held.delete(farthest);
    }
  }

  #changed(): void {
    this.version += 1;
    this.#listeners.forEach((listener) => listener());
  }
}
