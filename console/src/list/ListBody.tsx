import { type ReactNode, useState } from "react";
import type { Column, Fact, ListFields } from "../fields/list";
import { RowMenu, type RowAction } from "./RowMenu";
import { completeFrom, type Rows } from "./rows";
import { Table } from "./Table";
import { useWords } from "../words/words";

interface ListBodyProps<T> {
  fields: ListFields<T>;
  title: string;
  rows: Rows<T>;
  columns: readonly Column<T>[];
  open: string | undefined;
  hrefOf: (row: T) => string;
  onOpen: (row: T) => void;
  onFact: (fact: Fact, exclude: boolean) => void;
  actions?: (row: T) => readonly RowAction[];
  order: "asc" | "desc";
  onOrder: ((order: "asc" | "desc") => void) | undefined;
  dimmed: boolean;
  completeUntil: string | null | undefined;
  onAtTop: (atTop: boolean) => void;
  foot: ReactNode;
}

/** The table, and the one menu that all its rows share. */
export function ListBody<T>(props: ListBodyProps<T>) {
  const { fields, title, rows, columns, open, hrefOf, onOpen, onFact, actions, order, onOrder } = props;
  const { t } = useWords();
  const before =
    fields.at === undefined || order === "asc" ? undefined : completeFrom(rows, fields.at, props.completeUntil);
  const [menu, setMenu] = useState<{ row: T; button: Element }>();
  return (
    <>
      <Table
        label={title}
        rows={rows}
        columns={columns}
        rowId={fields.rowId}
        rowName={fields.rowName}
        open={open}
        hrefOf={hrefOf}
        onOpen={onOpen}
        onMenu={(row, button) => setMenu({ row, button })}
        order={order}
        onOrder={onOrder === undefined ? undefined : () => onOrder(order === "asc" ? "desc" : "asc")}
        note={before === undefined ? undefined : { before, text: t("list.may_come") }}
        dimmed={props.dimmed}
        foot={props.foot}
        onAtTop={props.onAtTop}
      />
      {menu === undefined ? null : (
        <RowMenu
          button={menu.button}
          name={fields.rowName(menu.row)}
          onClose={() => setMenu(undefined)}
          link={hrefOf(menu.row)}
          id={fields.rowId(menu.row)}
          json={menu.row}
          facts={fields.facts(menu.row)}
          onFilter={onFact}
          actions={actions?.(menu.row) ?? []}
        />
      )}
    </>
  );
}
