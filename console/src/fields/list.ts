import type { ReactNode } from "react";
import type { GenericSchema } from "valibot";
import type { WordKey } from "../words/languages";

/** A filter as the address and the API have it: by name, as text. What is absent filters nothing. */
export type Filter = Readonly<Record<string, string>>;

export interface Choice {
  value: string;
  label: WordKey;
  /** Who may not see it does not have the choice. */
  permission?: string;
}

interface FilterBase {
  /** The API's param. */
  param: string;
  label: WordKey;
  schema: GenericSchema<string, string>;
  /** Who may not use it does not see it. */
  permission?: string;
  /** Whether it is of use beside the rest of the draft, as employees are while the subject is a user. */
  enabled?: (draft: Filter) => boolean;
  /** Said where it is not enabled. */
  disabledHint?: WordKey;
  /** Below "More". */
  more?: boolean;
}

/** What is filtered by, in the order in which it stands in the panel. */
export type FilterField =
  | (FilterBase & { kind: "period" })
  | (FilterBase & { kind: "text"; placeholder?: WordKey; hint?: WordKey })
  | (FilterBase & { kind: "switch" })
  /** In which order rows stand: it takes none away, so it is chosen above the list and applies at once. */
  | (FilterBase & { kind: "order"; choices: readonly Choice[] })
  /** One or several of a few. */
  | (FilterBase & { kind: "checks"; choices: readonly Choice[]; facet?: string })
  /** Any of many: what the log holds, with counts, or typed. */
  | (FilterBase & { kind: "facet"; facet: string })
  | (FilterBase & { kind: "users" })
  | (FilterBase & { kind: "actions" })
  | (FilterBase & { kind: "catalogue" })
  /** A changed field, from a value, to a value: three params, one thing. */
  | (FilterBase & { kind: "change" });

export interface Column<Row> {
  id: string;
  label: WordKey;
  cell: (row: Row) => ReactNode;
  /** A track of the grid: px, or a share of what is left with its least. */
  width: string;
  /** Least width in px, for the table's own. */
  least: number;
  /** The API's columns in exported files. */
  columns: readonly string[];
  sort?: boolean;
  /** In sight until somebody chooses. */
  shown: boolean;
  permission?: string;
  /** Where it stands when the screen has room for two lines alone. */
  narrow?: "first" | "second" | "third" | "aside";
  end?: boolean;
}

/** A value of a row that the list can be narrowed to. */
export interface Fact {
  label: WordKey;
  text: string;
  filter: Filter;
  exclude?: Filter;
}

/** One description of a list: its columns, its filters, and what a row can be narrowed to. */
export interface ListFields<Row> {
  /** Under which the choice of columns is kept. */
  id: string;
  columns: readonly Column<Row>[];
  filters: readonly FilterField[];
  rowId: (row: Row) => string;
  /** When it was: rows later than the answer is complete are marked off, because others may still come between them. */
  at?: (row: Row) => string;
  /** What a row is called for readers. */
  rowName: (row: Row) => string;
  facts: (row: Row) => readonly Fact[];
}
