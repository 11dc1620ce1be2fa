import type { Filter, FilterField } from "../../fields/list";

/** What every control of the panel is given. */
export interface ControlProps<F extends FilterField = FilterField> {
  field: F;
  draft: Filter;
  /** The filter in force: counts beside values are its. */
  applied: Filter;
  edit: (change: Readonly<Record<string, string | undefined>>) => void;
  isDisabled: boolean;
  hint: string | undefined;
  /** The server's refusal of this field. */
  error: string | undefined;
}

export type Kind<K extends FilterField["kind"]> = Extract<FilterField, { kind: K }>;
