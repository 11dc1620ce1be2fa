import { useQuery } from "@tanstack/react-query";
import { explanation } from "../../data/violations";
import { useZones } from "../../kit/clock";
import { Link } from "../../kit/Link";
import { Skeleton } from "../../kit/Skeleton";
import { Steps } from "../../list/event/Steps";
import { ProblemState } from "../../list/ProblemState";
import { paths } from "../../paths";
import { formatDateTime } from "../../time/format";
import { useWords } from "../../words/words";
import styles from "./Detail.module.css";

/** Condition by condition, what the rule asks and what was found; the words are the server's. */
export function Explanation({ id, version }: { id: string; version: number }) {
  const { t, locale } = useWords();
  const { zone } = useZones();
  const query = useQuery(explanation(id));
  return (
    <section className={styles.card} aria-labelledby="why">
      <h3 id="why">{t("violations.why")}</h3>
      {query.error === null ? null : <ProblemState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending ? <Skeleton rows={3} label={t("violations.why_loading")} /> : null}
      {query.data === undefined ? null : (
        <>
          {query.data.events.length === 0 ? <p className="muted">{t("violations.why_none")}</p> : null}
          {query.data.events.map((event, index) => (
            <details key={event.event_id} className={styles.why} open={index === 0}>
              <summary>
                {t("violations.why_event", { at: formatDateTime(event.occurred_at, { locale, zone }) })}
              </summary>
              <Steps steps={event.steps} />
              <p className={styles.verdictLine}>
                {event.text} <Link href={paths.event(event.event_id)}>{t("violations.open_event")}</Link>
              </p>
            </details>
          ))}
          {query.data.notes.map((note) => (
            <p key={note} className={styles.hint}>
              {note}
            </p>
          ))}
          {query.data.explained_by_version === version ? null : (
            <p className={styles.hint}>
              {t("violations.why_version", { version: query.data.explained_by_version, found: version })}
            </p>
          )}
        </>
      )}
    </section>
  );
}
