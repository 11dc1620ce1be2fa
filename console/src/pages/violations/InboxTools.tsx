import { ListFilter } from "lucide-react";
import type { Search } from "../../address";
import type { ViolationSummary } from "../../data/violations";
import { Button } from "../../kit/Button";
import { Chip } from "../../kit/Chip";
import { Popover } from "../../kit/Popover";
import { Segments } from "../../kit/Segments";
import { Select } from "../../kit/Select";
import { isPreset } from "../../time/period";
import { useAddress } from "../../address";
import { useWords, type Words } from "../../words/words";
import { FilterForm } from "./FilterForm";
import { ownOf, PARAMS, type Param, withParam } from "./filter";
import { type Grouping, GROUPINGS } from "./triage";
import styles from "./Violations.module.css";

interface InboxToolsProps {
  filter: Record<string, string>;
  grouping: Grouping;
  summary: ViolationSummary | undefined;
  /** A step that Back undoes. */
  onSearch: (search: Search) => void;
  /** The console's own param: no step. */
  onOwn: (search: Search) => void;
}

const CHIPS = PARAMS.filter((name) => name !== "reviewed" && name !== "from" && name !== "to");

function valueOf(name: Param, value: string, summary: ViolationSummary | undefined, { t, known }: Words): string {
  switch (name) {
    case "user_id":
      return summary?.user.find((user) => user.value === value)?.label ?? value;
    case "rule":
      return summary?.rule.find((rule) => rule.value === value)?.label ?? value;
    case "level":
    case "min_level":
      return known("common.level", value);
    case "period":
      return t(isPreset(value) ? `time.${value}` : "time.custom");
    default:
      return value;
  }
}

/** What is shown, and how it is grouped. */
export function InboxTools({ filter, grouping, summary, onSearch, onOwn }: InboxToolsProps) {
  const words = useWords();
  const { t } = words;
  const { search } = useAddress();
  const chips = CHIPS.filter((name) => filter[name] !== undefined);
  const label = (name: Param) =>
    t(`violations.${name === "user_id" ? "user" : name === "from" || name === "to" ? "period" : name}`);
  return (
    <div className={styles.tools}>
      <Segments
        bare
        label={t("violations.reviewed")}
        value={filter["reviewed"] ?? "all"}
        onChange={(id) => onSearch(withParam(search, "reviewed", id === "all" ? undefined : id))}
        choices={[
          { id: "all", label: t("violations.reviewed.all") },
          { id: "false", label: t("violations.reviewed.false") },
          { id: "true", label: t("violations.reviewed.true") },
        ]}
      />
      <Select
        bare
        label={t("violations.group")}
        value={grouping}
        onChange={(id) => onOwn(withParam(search, "_group", id === "user" ? undefined : id))}
        choices={GROUPINGS.map((id) => ({ id, label: t(`violations.group.${id}`) }))}
      />
      <Popover
        label={t("violations.filters")}
        trigger={<Button icon={<ListFilter size={14} aria-hidden />}>{t("violations.filters")}</Button>}
      >
        {(close) => (
          <FilterForm
            filter={filter}
            summary={summary}
            onApply={(next) => {
              const reviewed = filter["reviewed"] === undefined ? {} : { reviewed: filter["reviewed"] };
              onSearch({ ...ownOf(search), ...reviewed, ...next });
              close();
            }}
          />
        )}
      </Popover>
      {chips.map((name) => {
        const value = valueOf(name, filter[name] ?? "", summary, words);
        return (
          <Chip
            key={name}
            label={label(name)}
            value={value}
            removeLabel={t("common.remove", { name: label(name) })}
            onRemove={() => {
              const { from: _from, to: _to, ...rest } = search;
              onSearch(withParam(name === "period" ? rest : search, name, undefined));
            }}
          />
        );
      })}
    </div>
  );
}
