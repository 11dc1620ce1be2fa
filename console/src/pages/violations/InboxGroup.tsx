import { ChevronDown, ChevronRight } from "lucide-react";
import { useId } from "react";
import type { Violation } from "../../data/violations";
import { Checkbox } from "../../kit/Checkbox";
import { Level } from "../../kit/Level";
import { useWords } from "../../words/words";
import type { InboxProps } from "./Inbox";
import { InboxRow } from "./InboxRow";
import { type Group, toggle, toggleAll, toggleRange } from "./triage";
import { isOpen } from "./said";
import styles from "./Violations.module.css";

interface InboxGroupProps extends InboxProps {
  group: Group<Violation>;
  stop: string | undefined;
}

/** What is about one user, or found by one rule. */
export function InboxGroup(props: InboxGroupProps) {
  const { group, grouping, said, open, stop, selection, matching, folded, order } = props;
  const { t } = useWords();
  const head = useId();
  const ids = group.items.map((item) => item.id);
  const left = group.items.filter((item) => isOpen(item, said)).length;
  const name = group.label === "" ? t("violations.nobody") : group.label;
  const isFolded = grouping !== "none" && folded.has(group.key);
  const chosen = ids.filter((id) => selection.ids.has(id)).length;
  const rows = isFolded ? null : (
    <ul className={styles.rows} {...(grouping === "none" ? {} : { "aria-labelledby": head })}>
      {group.items.map((item) => (
        <InboxRow
          key={item.id}
          row={item}
          grouping={grouping}
          said={said.get(item.id)}
          href={props.hrefOf(item.id)}
          isCurrent={item.id === open}
          isStop={item.id === stop}
          isSelected={matching || selection.ids.has(item.id)}
          onFocus={() => props.onCursor(item.id)}
          onSelect={(range) =>
            props.onSelection(range ? toggleRange(selection, item.id, order) : toggle(selection, item.id))
          }
        />
      ))}
    </ul>
  );
  if (grouping === "none") {
    return rows;
  }
  const fold = () => {
    const next = new Set(folded);
    if (!next.delete(group.key)) {
      next.add(group.key);
    }
    props.onFold(next);
  };
  return (
    <section>
      <div className={styles.groupHead}>
        <Checkbox
          aria-label={t("violations.select_group", { name })}
          isSelected={matching || chosen === ids.length}
          isIndeterminate={!matching && chosen > 0 && chosen < ids.length}
          isDisabled={matching}
          onChange={() => props.onSelection(toggleAll(selection, ids))}
        />
        <h2 className={styles.groupName} title={name}>
          <button type="button" id={head} className={styles.fold} aria-expanded={!isFolded} onClick={fold}>
            {isFolded ? <ChevronRight size={14} aria-hidden /> : <ChevronDown size={14} aria-hidden />}
            <span>{name}</span>
          </button>
        </h2>
        <Level level={group.worst} />
        <span className={styles.groupCount}>
          {left === 0 ? t("violations.all_reviewed") : t("violations.group_count", { count: left })}
        </span>
      </div>
      {rows}
    </section>
  );
}
