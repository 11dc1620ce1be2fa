import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { used } from "../../data/catalogue";
import { joinList, splitList } from "../../fields/schemas";
import { MultiSelect } from "../../kit/MultiSelect";
import { useWords } from "../../words/words";
import { learn, nameOf } from "../labels";
import { useFacet } from "../useFacets";
import type { ControlProps, Kind } from "./control";

interface PartProps extends ControlProps<Kind<"actions">> {
  param: string;
  facet: string;
  label: string;
}

/** What the log holds of these, with counts of the applied filter where it has any. */
function Part({ param, facet, label, draft, edit, isDisabled }: PartProps) {
  const { t } = useWords();
  const [opened, setOpened] = useState(false);
  const kinds = useQuery({ ...used(), enabled: opened });
  const counts = useFacet(facet);
  const all = (param === "action" ? kinds.data?.actions : kinds.data?.object_types) ?? [];
  const chosen = draft[param] === undefined ? [] : splitList(draft[param] ?? "");
  counts.forEach(({ value, label: name }) => learn(param, value, name));
  all.forEach(({ name, label: shown }) => learn(param, name, shown));
  const ids = new Set([...counts.map(({ value }) => value), ...all.map(({ name }) => name), ...chosen]);
  return (
    <MultiSelect
      label={label}
      none={t("list.any")}
      options={[...ids].map((id) => ({
        id,
        label: nameOf(param, id) || t("list.without"),
        count: counts.find(({ value }) => value === id)?.count,
      }))}
      selected={chosen}
      onChange={(next) => edit({ [param]: next.length === 0 ? undefined : joinList(next) })}
      onOpen={() => setOpened(true)}
      isLoading={kinds.isFetching}
      allowTyped
      isDisabled={isDisabled}
    />
  );
}

/** Kinds of objects, and what was done to them. */
export function Actions(props: ControlProps<Kind<"actions">>) {
  const { t } = useWords();
  const { field } = props;
  return (
    <>
      <Part {...props} param={field.param} facet="object_type" label={t(field.label)} />
      <Part {...props} param="action" facet="action" label={t("list.action")} />
    </>
  );
}
