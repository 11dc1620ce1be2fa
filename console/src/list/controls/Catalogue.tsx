import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { catalogue } from "../../data/catalogue";
import { joinList, splitList } from "../../fields/schemas";
import { Checkbox } from "../../kit/Checkbox";
import { ClassMark } from "../../kit/ClassMark";
import field from "../../kit/Field.module.css";
import { SearchField } from "../../kit/SearchField";
import { Skeleton } from "../../kit/Skeleton";
import { formatNumber } from "../../time/format";
import { useWords } from "../../words/words";
import { learn } from "../labels";
import { useFacet } from "../useFacets";
import { choose, type ModuleNode, search, stateOf, tree } from "./catalogue";
import type { ControlProps, Kind } from "./control";
import styles from "./controls.module.css";

interface ModuleProps {
  module: ModuleNode;
  chosen: ReadonlySet<string>;
  counts: ReadonlyMap<string, number>;
  isOpen: boolean;
  onChange: (ids: string[]) => void;
}

function Module({ module, chosen, counts, isOpen: wanted, onChange }: ModuleProps) {
  const { t, locale } = useWords();
  const [own, setOwn] = useState<boolean>();
  const isOpen = own ?? wanted;
  const state = stateOf(module.types, chosen);
  const name = module.name || t("list.without");
  const some = module.types.filter(({ id }) => chosen.has(id)).length;
  return (
    <div className={styles.group}>
      <div className={styles.groupHead}>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={isOpen}
          aria-label={name}
          onClick={() => setOwn(!isOpen)}
        >
          {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        </button>
        <Checkbox
          isSelected={state === "all"}
          isIndeterminate={state === "some"}
          onChange={() => onChange(choose(chosen, module.types, state !== "all"))}
        >
          <span className={styles.name}>{name}</span>
          <span className={styles.count}>
            {some === 0 ? module.types.length : t("list.of", { some, all: module.types.length })}
          </span>
        </Checkbox>
      </div>
      {isOpen ? (
        <div className={styles.items}>
          {module.types.map((type) => {
            const count = counts.get(type.id);
            return (
              <Checkbox
                key={type.id}
                isSelected={chosen.has(type.id)}
                onChange={(on) => onChange(choose(chosen, [type], on))}
              >
                <ClassMark name={type.class} iconOnly />
                <span className={styles.name} title={type.name}>
                  {type.name}
                </span>
                {count === undefined ? null : <span className={styles.count}>{formatNumber(count, locale)}</span>}
              </Checkbox>
            );
          })}
        </div>
      ) : null}
    </div>
  );
}

/** Events by what they are: the catalogue by module, all or none of a group at once. Nothing chosen means any. */
export function Catalogue({ field: own, draft, edit }: ControlProps<Kind<"catalogue">>) {
  const { t, locale } = useWords();
  const [text, setText] = useState("");
  const types = useQuery(catalogue());
  const facet = useFacet("type");
  const counts = useMemo(() => new Map(facet.map(({ value, count }) => [value, count])), [facet]);
  const modules = useMemo(() => {
    const entries = types.data?.types ?? [];
    entries.forEach(({ type, name }) => learn(own.param, type, name));
    return tree(entries, locale);
  }, [types.data, locale, own.param]);
  const found = search(modules, text, locale);
  const chosen = new Set(draft[own.param] === undefined ? [] : splitList(draft[own.param] ?? ""));
  const change = (ids: string[]) => edit({ [own.param]: ids.length === 0 ? undefined : joinList(ids) });
  return (
    <div className={field.field} role="group" aria-label={t(own.label)}>
      <span className={field.label}>
        {t(own.label)}
        {chosen.size === 0 ? null : ` · ${t("common.chosen", { count: chosen.size })}`}
      </span>
      <SearchField label={t("list.find_event")} clearLabel={t("common.clear")} value={text} onChange={setText} />
      {types.isPending ? (
        <Skeleton rows={4} label={t("common.loading")} />
      ) : (
        <div className={styles.tree}>
          {found.map((module) => (
            <Module
              key={module.id}
              module={module}
              chosen={chosen}
              counts={counts}
              isOpen={text.trim() !== ""}
              onChange={change}
            />
          ))}
          {found.length === 0 ? <p className="muted">{t("common.nothing_found")}</p> : null}
        </div>
      )}
    </div>
  );
}
