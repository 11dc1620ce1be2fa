import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useAddress } from "../../address";
import { event as eventQuery } from "../../data/events";
import { asProblem } from "../../data/problem";
import { EmptyState } from "../../kit/EmptyState";
import { LinkButton } from "../../kit/LinkButton";
import { PageHead } from "../../kit/PageHead";
import { Skeleton } from "../../kit/Skeleton";
import EventDetails from "../../list/event/EventDetails";
import { Restoring } from "../../list/event/Restoring";
import { ProblemState } from "../../list/ProblemState";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import styles from "./EventPage.module.css";

/** One event under an address of its own, which needs no period. */
export default function EventPage() {
  const { t } = useWords();
  const { id = "" } = useParams({ strict: false });
  const { search } = useAddress();
  const found = useQuery(eventQuery({ id, source: search["source"] }));
  const event = found.data?.data;
  const object = event?.object;
  return (
    <Restoring>
      <PageHead
        title={t("shell.title.event")}
        {...(event === undefined ? {} : { detail: event.text })}
        actions={
          <>
            {object ? (
              <LinkButton size="small" href={paths.object(object.type, object.id)}>
                {t("events.history")}
              </LinkButton>
            ) : null}
            <LinkButton size="small" href={paths.log()}>
              {t("shell.nav.events")}
            </LinkButton>
          </>
        }
      />
      <div className={styles.page}>
        {event !== undefined ? (
          <EventDetails event={event} />
        ) : found.isPending ? (
          <Skeleton rows={10} label={t("common.loading")} />
        ) : asProblem(found.error).code === "not_found" ? (
          <EmptyState
            title={t("events.not_found")}
            text={t("events.not_found_text")}
            icon={<SearchX size={20} aria-hidden />}
          />
        ) : (
          <ProblemState error={found.error} onRetry={() => void found.refetch()} />
        )}
      </div>
    </Restoring>
  );
}
