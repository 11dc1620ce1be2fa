import { useQuery } from "@tanstack/react-query";
import { useAddress } from "../../address";
import { openOf } from "../../data/violations";
import { Level } from "../../kit/Level";
import { Link } from "../../kit/Link";
import { Skeleton } from "../../kit/Skeleton";
import { Time } from "../../kit/Time";
import { ProblemState } from "../../list/ProblemState";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import styles from "./Detail.module.css";

/** What else of this user nobody has looked at. */
export function Others({ userId, id }: { userId: string; id: string }) {
  const { t } = useWords();
  const { search } = useAddress();
  const query = useQuery(openOf(userId));
  const others = query.data?.data.filter((other) => other.id !== id) ?? [];
  return (
    <section className={styles.card} aria-labelledby="others">
      <h3 id="others">{t("violations.others")}</h3>
      {query.isPending ? <Skeleton rows={2} label={t("violations.loading")} /> : null}
      {query.error === null ? null : <ProblemState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined && others.length === 0 ? <p className="muted">{t("violations.others_none")}</p> : null}
      <ul className={styles.lines}>
        {others.map((other) => (
          <li key={other.id}>
            <Level level={other.level} />
            <Link href={paths.violation(other.id, search)}>{other.title}</Link>
            <span className={styles.lineEnd}>
              <Time at={other.last_at ?? other.window_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
