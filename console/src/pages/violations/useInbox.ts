import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { noteFresh } from "../../data/fresh";
import { scope } from "../../data/scope";
import { type Violation, violationPage } from "../../data/violations";
import { firstPhase, nextPhase, type Phase } from "./filter";

interface Place {
  phase: Phase;
  cursor?: string;
}

const ROWS = "100";
/** So few unreviewed are no list to stop at: the reviewed are read with them. */
const FEW = 20;

interface Part {
  data: Violation[];
  next: Place | undefined;
}

async function readPart(filter: Record<string, string>, place: Place, signal: AbortSignal): Promise<Part> {
  const cursor = place.cursor === undefined ? {} : { cursor: place.cursor };
  const page = await violationPage({ ...filter, reviewed: place.phase, limit: ROWS, ...cursor }, signal);
  noteFresh(page.complete_until);
  if (page.next_cursor !== null) {
    return { data: page.data, next: { phase: place.phase, cursor: page.next_cursor } };
  }
  const phase = nextPhase(filter, place.phase);
  if (phase !== undefined && page.data.length < FEW) {
    const rest = await readPart(filter, { phase }, signal);
    return { data: [...page.data, ...rest.data], next: rest.next };
  }
  return { data: page.data, next: phase === undefined ? undefined : { phase } };
}

/** The violations of a filter, the unreviewed first, as far as they were read. */
export function useInbox(filter: Record<string, string>) {
  const first: Place = { phase: firstPhase(filter) };
  const query = useInfiniteQuery({
    queryKey: ["violations", scope.tenant, scope.language, "inbox", filter],
    queryFn: async ({ pageParam, signal }) => readPart(filter, pageParam, signal),
    initialPageParam: first,
    getNextPageParam: (part: Part) => part.next,
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => {
    // A violation that was reviewed meanwhile comes in both lists; where it was read first it stays.
    const seen = new Map<string, Violation>();
    for (const part of query.data?.pages ?? []) {
      for (const row of part.data) {
        if (!seen.has(row.id)) {
          seen.set(row.id, row);
        }
      }
    }
    return [...seen.values()];
  }, [query.data]);
  return { ...query, rows };
}
