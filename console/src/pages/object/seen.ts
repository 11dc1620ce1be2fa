import type { Event } from "../../data/schema";

/** What one person saw of an object. */
export interface Viewer {
  /** Kind and id, since a key may have a user's id. */
  key: string;
  actor: Event["actor"];
  looks: number;
  /** Records that their views and exports held together; undefined where no event says so. */
  records: number | undefined;
  last: Event;
}

/** Who looked, the last first. */
export function viewersOf(events: readonly Event[]): Viewer[] {
  const viewers = new Map<string, Viewer>();
  for (const event of events) {
    const key = `${event.actor.kind} ${event.actor.id}`;
    const before = viewers.get(key);
    const records =
      event.records === undefined || event.records === null ? before?.records : (before?.records ?? 0) + event.records;
    const last = before !== undefined && before.last.occurred_at >= event.occurred_at ? before.last : event;
    viewers.set(key, { key, actor: last.actor, looks: (before?.looks ?? 0) + 1, records, last });
  }
  return [...viewers.values()].sort((one, other) => (one.last.occurred_at < other.last.occurred_at ? 1 : -1));
}
