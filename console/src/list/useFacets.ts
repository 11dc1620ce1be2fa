import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { type Facet, type FacetValue, type Summary, summary } from "../data/events";
import type { Filter } from "../fields/list";
import { learn } from "./labels";

const none: readonly FacetValue[] = [];

/** Facets that a list has counts for; the server leaves out those that somebody may not see. */
export const facetNames = "class,action,type,object_type,actor,location,outcome,country,module,rule";

/** Whether this list has a summary at all. */
export const SummaryContext = createContext<{ query: Record<string, string>; isOn: boolean }>({
  query: {},
  isOn: false,
});

export function summaryQuery(filter: Filter): Record<string, string> {
  const { order: _, ...rest } = filter;
  return { ...rest, facets: facetNames, top: "20" };
}

/** The params whose values a facet counts, where these are called otherwise. */
const paramOf: Partial<Record<string, string>> = { actor: "actor_id", rule: "violations" };

export function useSummary() {
  const { query, isOn } = useContext(SummaryContext);
  return useQuery({
    ...summary(query),
    enabled: isOn,
    placeholderData: (before) => before,
    select: learnNames,
  });
}

/** Chips name what the address has as ids. */
function learnNames(data: Summary): Summary {
  for (const [name, facet] of Object.entries<Facet | null | undefined>(data.facets)) {
    facet?.values.forEach(({ value, label }) => learn(paramOf[name] ?? name, value, label));
  }
  return data;
}

/** Values of a facet with their counts, as the applied filter has them. */
export function useFacet(name: string): readonly FacetValue[] {
  const { data } = useSummary();
  const facets: Partial<Record<string, Facet | null>> = data?.facets ?? {};
  return facets[name]?.values ?? none;
}
