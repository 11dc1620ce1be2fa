import { useMemo } from "react";
import { useAddress } from "../address";
import { useMe } from "../data/me";
import type { Column } from "../fields/list";

const key = (id: string) => `usertrail.columns.${id}`;

export interface Columns<Row> {
  shown: readonly Column<Row>[];
  /** Those that somebody may see, in the chosen order, the hidden ones after them. */
  all: readonly Column<Row>[];
  set: (ids: readonly string[]) => void;
  reset: () => void;
  isOwn: boolean;
}

/** Which columns are shown, in which order: kept in this browser, and in the address of whoever shares the view. */
export function useColumns<Row>(id: string, columns: readonly Column<Row>[]): Columns<Row> {
  const { search, replace } = useAddress();
  const { permissions } = useMe();
  const chosen = search["_cols"] ?? localStorage.getItem(key(id)) ?? undefined;
  return useMemo(() => {
    const allowed = columns.filter(
      ({ permission }) => permission === undefined || permissions.some((own) => own === permission),
    );
    const ids = chosen?.split(",") ?? allowed.filter(({ shown }) => shown).map((column) => column.id);
    const known = ids.flatMap((one) => allowed.filter((column) => column.id === one));
    const shown = known.length > 0 ? known : allowed.filter((column) => column.shown);
    return {
      shown,
      all: [...shown, ...allowed.filter((column) => !shown.includes(column))],
      isOwn: chosen !== undefined,
      set: (next) => {
        localStorage.setItem(key(id), next.join(","));
        replace({ ...search, _cols: next.join(",") });
      },
      reset: () => {
        localStorage.removeItem(key(id));
        const { _cols: _, ...rest } = search;
        replace(rest);
      },
    };
  }, [id, columns, permissions, chosen, search, replace]);
}
