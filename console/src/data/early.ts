/** The first page of the list that the address asks for, read beside `me`: nothing in it depends on the answer to that. */
const kept = "usertrail.early";
const begun = new Map<string, Promise<unknown>>();

/** Whether this reader's first list was there to be read: a platform without a tenant has none, nor has a plan without a log. */
export function noteEarly(reads: boolean): void {
  localStorage.setItem(kept, reads ? "yes" : "no");
}

/** Known from the last time: the first time, the list waits until it is known that there is one. */
export function mayBeEarly(): boolean {
  return localStorage.getItem(kept) === "yes";
}

export function begin(address: string, answer: Promise<unknown>): void {
  // Whoever takes it handles what went wrong; where nobody does, nothing was asked for.
  answer.catch(() => {});
  begun.set(address, answer);
}

/** What was begun for an address; once, since the next time it is asked for anew. */
export function takeBegun(address: string): Promise<unknown> | undefined {
  const answer = begun.get(address);
  begun.delete(address);
  return answer;
}
