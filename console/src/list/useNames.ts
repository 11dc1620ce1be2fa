import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { usersById } from "../data/people";
import type { Filter, FilterField } from "../fields/list";
import { splitList } from "../fields/schemas";
import { nameInChip, named, learn } from "./labels";

/** Names of the people whom a filter has as ids, asked for once where neither the picker nor the counts have said them. */
export function useNames(fields: readonly FilterField[], filter: Filter, isOn: boolean): void {
  const param = fields.find(({ kind }) => kind === "users")?.param;
  const value = param === undefined ? undefined : filter[param];
  const ids = useMemo(() => {
    const all = value === undefined ? [] : splitList(value);
    // More than a chip names are a number in it.
    return param === undefined || all.length > nameInChip ? [] : all.filter((id) => id !== "" && !named(param, id));
  }, [param, value]);
  const { data } = useQuery({ ...usersById(ids), enabled: isOn && ids.length > 0 });
  const [, setKnown] = useState(0);
  useEffect(() => {
    if (data !== undefined && param !== undefined) {
      data.data.forEach(({ id, name, email }) => learn(param, id, name || email));
      setKnown((before) => before + 1);
    }
  }, [data, param]);
}
