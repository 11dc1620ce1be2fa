import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { userSearch } from "../../data/people";
import { joinList, splitList } from "../../fields/schemas";
import { MultiSelect } from "../../kit/MultiSelect";
import { useSettled } from "../../kit/useSettled";
import { Switch } from "../../kit/Switch";
import { useWords } from "../../words/words";
import { learn, nameOf } from "../labels";
import { useFacet } from "../useFacets";
import type { ControlProps, Kind } from "./control";

/** Employees, several, found by name, e-mail or id; those who left as well, where that is asked for. */
export function Users({ field, draft, edit, isDisabled, hint }: ControlProps<Kind<"users">>) {
  const { t } = useWords();
  const [text, setText] = useState("");
  const [left, setLeft] = useState(false);
  const [opened, setOpened] = useState(false);
  const asked = useSettled(text.trim());
  const found = useQuery({ ...userSearch(asked, left), enabled: opened });
  const counts = useFacet("actor");
  const chosen = draft[field.param] === undefined ? [] : splitList(draft[field.param] ?? "");
  counts.forEach(({ value, label }) => learn(field.param, value, label));
  const options = (found.data?.data ?? []).map(({ id, name, email, active }) => {
    learn(field.param, id, name || email);
    return {
      id,
      label: name || email || id,
      hint: active ? email || undefined : t("list.deactivated"),
      count: counts.find(({ value }) => value === id)?.count,
    };
  });
  const absent = chosen
    .filter((one) => !options.some(({ id }) => id === one))
    .map((one) => ({ id: one, label: nameOf(field.param, one) }));
  return (
    <MultiSelect
      label={t(field.label)}
      none={t("list.everybody")}
      options={[...absent, ...options]}
      selected={chosen}
      onChange={(ids) => edit({ [field.param]: ids.length === 0 ? undefined : joinList(ids) })}
      onSearch={setText}
      onOpen={() => setOpened(true)}
      isLoading={found.isFetching || asked !== text.trim()}
      allowTyped
      isDisabled={isDisabled}
      hint={hint}
      foot={
        <Switch isSelected={left} onChange={setLeft}>
          {t("list.also_deactivated")}
        </Switch>
      }
    />
  );
}
