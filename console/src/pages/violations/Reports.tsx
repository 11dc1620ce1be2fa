import { useQuery } from "@tanstack/react-query";
import { deliveries } from "../../data/violations";
import { Badge } from "../../kit/Badge";
import { Time } from "../../kit/Time";
import { ProblemState } from "../../list/ProblemState";
import { useWords } from "../../words/words";
import styles from "./Detail.module.css";

/** To whom it was reported, and whether that arrived. */
export function Reports({ id }: { id: string }) {
  const { t, known } = useWords();
  const query = useQuery(deliveries(id));
  return (
    <section className={styles.card} aria-labelledby="reports">
      <h3 id="reports">{t("violations.reports")}</h3>
      {query.error === null ? null : <ProblemState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.data.length === 0 ? <p className="muted">{t("violations.reports_none")}</p> : null}
      <ul className={styles.lines}>
        {query.data?.data.map((delivery) => (
          <li key={`${delivery.message_id} ${delivery.endpoint} ${delivery.attempt}`}>
            <Badge tone={delivery.outcome === "delivered" ? "good" : "warn"}>
              {known("violations.report", delivery.outcome)}
            </Badge>
            <span>{delivery.endpoint}</span>
            {delivery.reason === "" ? null : <span className="muted">{delivery.reason}</span>}
            <span className={styles.lineEnd}>
              <Time at={delivery.at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
