import { ShieldCheck } from "lucide-react";
import type { Search } from "../../address";
import type { Violation } from "../../data/violations";
import { Button } from "../../kit/Button";
import { EmptyState } from "../../kit/EmptyState";
import { Skeleton } from "../../kit/Skeleton";
import { ProblemState } from "../../list/ProblemState";
import { widerPeriod } from "../../time/period";
import { useWords } from "../../words/words";
import { ownOf, withParam } from "./filter";
import { InboxGroup } from "./InboxGroup";
import type { Group, Grouping, Selection } from "./triage";
import type { useInbox } from "./useInbox";
import type { Said } from "./useReviews";
import styles from "./Violations.module.css";

export interface InboxProps {
  inbox: ReturnType<typeof useInbox>;
  groups: readonly Group<Violation>[];
  grouping: Grouping;
  order: readonly string[];
  said: ReadonlyMap<string, Said>;
  open: string | undefined;
  cursor: string | undefined;
  selection: Selection;
  matching: boolean;
  folded: ReadonlySet<string>;
  filtered: boolean;
  search: Search;
  hrefOf: (id: string) => string;
  onCursor: (id: string) => void;
  onSelection: (selection: Selection) => void;
  onFold: (folded: ReadonlySet<string>) => void;
  onFilter: (search: Search) => void;
}

/** What is to be looked at, in groups. */
export function Inbox(props: InboxProps) {
  const { t } = useWords();
  const { inbox, groups, order, cursor, filtered, search, onFilter } = props;
  if (inbox.isPending) {
    return <Skeleton page rows={8} label={t("violations.loading")} />;
  }
  if (inbox.error !== null && inbox.rows.length === 0) {
    return <ProblemState error={inbox.error} onRetry={() => void inbox.refetch()} />;
  }
  if (inbox.rows.length === 0) {
    const wider = widerPeriod(search["period"]);
    const onlyOpen = search["reviewed"] === "false";
    return (
      <EmptyState
        title={t(filtered || search["reviewed"] === "true" ? "violations.empty_filtered" : "violations.empty")}
        text={filtered ? undefined : t("violations.empty_text")}
        icon={<ShieldCheck size={20} aria-hidden />}
      >
        {wider === undefined ? null : (
          <Button kind="primary" onPress={() => onFilter(withParam(search, "period", wider))}>
            {t("list.widen", { period: t(`time.${wider}`) })}
          </Button>
        )}
        {filtered ? <Button onPress={() => onFilter(ownOf(search))}>{t("violations.drop_filters")}</Button> : null}
        {onlyOpen ? (
          <Button onPress={() => onFilter(withParam(search, "reviewed", undefined))}>{t("violations.show_all")}</Button>
        ) : null}
      </EmptyState>
    );
  }
  // One stop for Tab: the row that was last in focus, else the first.
  const stop = cursor !== undefined && order.includes(cursor) ? cursor : order[0];
  return (
    <div className={styles.groups} data-old={inbox.isPlaceholderData}>
      {groups.map((group) => (
        <InboxGroup key={group.key} group={group} stop={stop} {...props} />
      ))}
      {inbox.hasNextPage ? (
        <div className={styles.more}>
          <Button size="small" isPending={inbox.isFetchingNextPage} onPress={() => void inbox.fetchNextPage()}>
            {t("violations.more")}
          </Button>
        </div>
      ) : null}
      {inbox.error === null ? null : <ProblemState error={inbox.error} onRetry={() => void inbox.fetchNextPage()} />}
    </div>
  );
}
