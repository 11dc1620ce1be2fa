import { useMemo, useState } from "react";
import { useAddress } from "../address";
import type { Filter, FilterField } from "../fields/list";
import { changes, parseFilter, searchOf, withParams } from "./filter";

type Change = Readonly<Record<string, string | undefined>>;

export interface FilterState {
  applied: Filter;
  ignored: [string, string][];
  draft: Filter;
  /** Fields of the draft that are not applied. */
  pending: number;
  edit: (change: Change) => void;
  revert: () => void;
  apply: () => void;
  /** A single act, as a click on a value: it applies at once while the draft is clean, else it joins the draft. */
  act: (change: Change) => void;
  /** Applies at once, whatever the draft is: chips and the histogram are about what is applied. */
  set: (change: Change) => void;
}

/** The filter of a list: what is applied is the address; what is being edited runs only when it is applied. */
export function useFilter(fields: readonly FilterField[]): FilterState {
  const { search, push } = useAddress();
  const { filter: applied, ignored } = useMemo(() => parseFilter(search, fields), [search, fields]);
  const [state, setState] = useState<{ of: Filter; draft: Filter }>({ of: applied, draft: applied });
  let { draft } = state;
  if (state.of !== applied) {
    // Back, a chip, a link: the address moved, and the draft with it.
    draft = applied;
    setState({ of: applied, draft: applied });
  }
  return useMemo(() => {
    const commit = (filter: Filter) => push(searchOf(filter, search, ["_event"]));
    const edit = (change: Change) => setState({ of: applied, draft: withParams(draft, change) });
    const pending = changes(draft, applied, fields);
    return {
      applied,
      ignored,
      draft,
      pending,
      edit,
      revert: () => setState({ of: applied, draft: applied }),
      apply: () => commit(draft),
      act: (change) => (pending === 0 ? commit(withParams(applied, change)) : edit(change)),
      set: (change) => commit(withParams(applied, change)),
    };
  }, [applied, ignored, draft, fields, push, search]);
}
