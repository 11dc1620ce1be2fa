/** Waits for a condition, and for nothing else: what `look` hands over once there is something. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const found = await look();
      if (found !== undefined) {
        return found;
      }
    } catch (error) {
      last = error;
      if (!(error instanceof TypeError)) {
        throw error;
      }
    }
    if (Date.now() > end) {
      throw new Error(`waited ${seconds} s in vain for ${what}`, { cause: last });
    }
    // oxlint-disable-next-line no-await-in-loop -- see above
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
