import { useInfiniteQuery } from "@tanstack/react-query";
import { Eye } from "lucide-react";
import { useMemo } from "react";
import { viewPages } from "../../data/events";
import { actorName } from "../../fields/eventCells";
import { Button } from "../../kit/Button";
import { EmptyState } from "../../kit/EmptyState";
import { Link } from "../../kit/Link";
import { Skeleton } from "../../kit/Skeleton";
import { Time } from "../../kit/Time";
import { ProblemState } from "../../list/ProblemState";
import { paths } from "../../paths";
import { formatNumber } from "../../time/format";
import { useWords } from "../../words/words";
import { viewersOf } from "./seen";
import styles from "./ObjectPage.module.css";

/** Everybody who has seen the object, each once: the last time, how often, how many records. */
export function SeenBy({ query }: { query: Record<string, string> }) {
  const { t, locale } = useWords();
  const found = useInfiniteQuery(viewPages(query));
  const viewers = useMemo(() => viewersOf(found.data?.pages.flatMap(({ data }) => data) ?? []), [found.data]);
  if (found.isPending) {
    return <Skeleton page rows={6} label={t("common.loading")} />;
  }
  if (found.isError && viewers.length === 0) {
    return <ProblemState error={found.error} onRetry={() => void found.refetch()} />;
  }
  if (viewers.length === 0) {
    return <EmptyState title={t("objects.seen_empty")} icon={<Eye size={20} aria-hidden />} />;
  }
  return (
    <div className={styles.seen}>
      <table className={styles.seenTable}>
        <thead>
          <tr>
            <th scope="col">{t("events.who")}</th>
            <th scope="col">{t("objects.seen_last")}</th>
            <th scope="col" className={styles.count}>
              {t("objects.seen_looks")}
            </th>
            <th scope="col" className={styles.count}>
              {t("events.records")}
            </th>
          </tr>
        </thead>
        <tbody>
          {viewers.map(({ key, actor, looks, records, last }) => {
            const name = actorName(last, t("events.system"), t("events.nobody"));
            return (
              <tr key={key}>
                <th scope="row">
                  {actor.kind === "user" && actor.id !== "" ? <Link href={paths.user(actor.id)}>{name}</Link> : name}
                </th>
                <td>
                  <Link href={paths.event(last.id, last.source)}>
                    <Time at={last.occurred_at} stop={false} />
                  </Link>
                </td>
                <td className={styles.count}>{formatNumber(looks, locale)}</td>
                <td className={styles.count}>
                  {records === undefined ? (
                    <span className="muted">{t("common.none")}</span>
                  ) : (
                    formatNumber(records, locale)
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {found.hasNextPage ? (
        <p className={styles.seenMore}>
          <span>{t("objects.seen_part")}</span>
          <Button size="small" isPending={found.isFetchingNextPage} onPress={() => void found.fetchNextPage()}>
            {t("objects.seen_older")}
          </Button>
        </p>
      ) : null}
    </div>
  );
}
