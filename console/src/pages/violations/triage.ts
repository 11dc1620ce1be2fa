/** The order of the triage inbox: what stands in it, in which groups, what comes next, and what is chosen. */

/** Levels, the worst last. */
export const LEVELS = ["informational", "low", "medium", "high", "critical"] as const;

/** How bad a violation is. */
export type Level = (typeof LEVELS)[number];

/** What a level of the API is; one that is not known counts as the least. */
export function levelOf(level: string): Level {
  return LEVELS.find((known) => known === level) ?? "informational";
}

/** What the inbox needs of a violation. */
export interface Finding {
  id: string;
  rule: string;
  title: string;
  level: string;
  user: { id: string; name?: string } | null;
  last_at: string | null;
  window_at: string;
  review: { reviewed: boolean } | null;
}

/** What the inbox is grouped by. */
export const GROUPINGS = ["user", "rule", "none"] as const;

/** What the inbox is grouped by. */
export type Grouping = (typeof GROUPINGS)[number];

/** Findings that stand under one heading. */
export interface Group<T extends Finding> {
  /** The user's id or the rule's name; empty for what is nobody's, and where nothing is grouped. */
  key: string;
  label: string;
  worst: Level;
  unreviewed: number;
  items: T[];
}

/** Whether nobody has looked at all of it yet. */
export function isUnreviewed(finding: Pick<Finding, "review">): boolean {
  return finding.review?.reviewed !== true;
}

/**
 * The groups, in the order of their first findings as these were read, so that a page that is read later changes nothing
 * above. Within a group the unreviewed stand first.
 */
export function groupsOf<T extends Finding>(findings: readonly T[], by: Grouping): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const finding of findings) {
    const [key, label] = headOf(finding, by);
    const level = levelOf(finding.level);
    const group = groups.get(key) ?? { key, label, worst: level, unreviewed: 0, items: [] };
    group.items.push(finding);
    group.unreviewed += isUnreviewed(finding) ? 1 : 0;
    group.worst = LEVELS.indexOf(level) > LEVELS.indexOf(group.worst) ? level : group.worst;
    groups.set(key, group);
  }
  const ordered = [...groups.values()];
  for (const group of ordered) {
    group.items = [...group.items.filter(isUnreviewed), ...group.items.filter((item) => !isUnreviewed(item))];
  }
  return ordered;
}

function headOf(finding: Finding, by: Grouping): [key: string, label: string] {
  switch (by) {
    case "user":
      return [finding.user?.id ?? "", finding.user?.name ?? finding.user?.id ?? ""];
    case "rule":
      return [finding.rule, finding.title];
    case "none":
      return ["", ""];
  }
}

/** Ids in the order in which they are seen; those of folded groups are not. */
export function orderOf<T extends Finding>(groups: readonly Group<T>[], folded: ReadonlySet<string>): string[] {
  return groups.filter((group) => !folded.has(group.key)).flatMap((group) => group.items.map((item) => item.id));
}

/** The id so many places from another; at the ends it stays. Without a place to start from it is the first. */
export function step(order: readonly string[], from: string | undefined, by: number): string | undefined {
  const at = from === undefined ? -1 : order.indexOf(from);
  if (at < 0) {
    return order[0];
  }
  return order[Math.min(order.length - 1, Math.max(0, at + by))];
}

/** What to look at once one was reviewed: the next that nobody has, from there on and then from the top. */
export function nextUnreviewed(
  order: readonly string[],
  from: string,
  unreviewed: (id: string) => boolean,
): string | undefined {
  const at = order.indexOf(from);
  const rest = [...order.slice(at + 1), ...order.slice(0, Math.max(0, at))];
  return rest.find(unreviewed);
}

/** What is chosen, and where a range would begin. */
export interface Selection {
  ids: ReadonlySet<string>;
  anchor: string | undefined;
}

/** Nothing chosen. */
export const NOTHING: Selection = { ids: new Set(), anchor: undefined };

/** One more, or one less. */
export function toggle(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) {
    ids.add(id);
  }
  return { ids, anchor: id };
}

/** All from the one chosen last up to this one. Where that one is not seen any more it is this one alone. */
export function toggleRange(selection: Selection, id: string, order: readonly string[]): Selection {
  const from = selection.anchor === undefined ? -1 : order.indexOf(selection.anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) {
    return toggle(selection, id);
  }
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...selection.ids, ...range]), anchor: id };
}

/** A whole group: all of it, or none where all of it was chosen. */
export function toggleAll(selection: Selection, ids: readonly string[]): Selection {
  const all = ids.every((id) => selection.ids.has(id));
  const next = new Set(selection.ids);
  for (const id of ids) {
    if (all) {
      next.delete(id);
    } else {
      next.add(id);
    }
  }
  return { ids: next, anchor: ids[0] };
}

/** From so many on an act asks whether that is meant. */
export const CONFIRM_FROM = 50;

/** The most reviews that can be undone one by one. */
export const UNDO_UP_TO = 50;

/** The most ids of one request. */
export const IDS_AT_MOST = 500;
