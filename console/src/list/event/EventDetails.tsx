import { CirclePlay, ExternalLink as Out, ListFilter } from "lucide-react";
import type { ReactNode } from "react";
import { useMay } from "../../data/me";
import type { Event } from "../../data/schema";
import { actorName } from "../../fields/eventCells";
import { eventFacts } from "../../fields/events";
import type { Fact } from "../../fields/list";
import { signalWords } from "../../fields/signals";
import { deviceText, placeText } from "../../fields/values";
import { Badge } from "../../kit/Badge";
import { ClassMark } from "../../kit/ClassMark";
import { CopyButton } from "../../kit/CopyButton";
import { Facts } from "../../kit/Facts";
import { IconButton } from "../../kit/IconButton";
import { Level } from "../../kit/Level";
import { ExternalLink, Link } from "../../kit/Link";
import { Time } from "../../kit/Time";
import { paths } from "../../paths";
import { formatDuration, formatNumber } from "../../time/format";
import { useWords, type Words } from "../../words/words";
import { nameOf } from "../labels";
import { ChangesTable } from "./ChangesTable";
import { Explain } from "./Explain";
import { RawJson } from "./RawJson";
import { RestorePart } from "./RestorePart";
import styles from "./EventDetails.module.css";

interface EventDetailsProps {
  event: Event;
  /** Narrows the list to a value; on a page of its own there is none to narrow. */
  onFact?: (fact: Fact) => void;
}

function limitSeen({ limit, seen }: { limit?: number | null; seen?: number | null }, { t, locale }: Words): string {
  return typeof limit === "number" && typeof seen === "number"
    ? t("events.limit_seen", { limit: formatNumber(limit, locale), seen: formatNumber(seen, locale) })
    : "";
}

/** Everything about an event, from the sentence down to the JSON. */
export default function EventDetails({ event, onFact }: EventDetailsProps) {
  const words = useWords();
  const { t, locale } = words;
  const { actor, object, context, geo, device, labels } = event;
  const facts = eventFacts(event);
  const narrow = (label: Fact["label"]): ReactNode => {
    const fact = facts.find((one) => one.label === label);
    return onFact === undefined || fact === undefined ? null : (
      <IconButton small label={`${t("list.filter_by")}: ${fact.text}`} onPress={() => onFact(fact)}>
        <ListFilter size={13} aria-hidden />
      </IconButton>
    );
  };
  const sees = useMay("see_violations");
  const signals = signalWords(event.signals ?? {}, words);
  const place = placeText(geo, locale);
  const machine = deviceText(device);
  const media = (event.media ?? []).filter(({ url, text }) => typeof url === "string" || typeof text === "string");
  return (
    <article className={styles.event}>
      <header className={styles.head}>
        <p className={styles.sentence}>{event.text}</p>
        <p className={styles.marks}>
          <ClassMark name={event.class} />
          <span className="muted">{event.name}</span>
          {event.outcome === "failure" ? <Badge tone="bad">{labels.outcome ?? event.outcome}</Badge> : null}
          {event.backfill ? <Badge>{t("events.backfill")}</Badge> : null}
        </p>
      </header>
      <RestorePart event={event} />
      <Facts
        rows={[
          { label: t("events.occurred"), value: <Time at={event.occurred_at} /> },
          { label: t("events.received"), value: <Time at={event.received_at} /> },
          typeof event.claimed_at === "string" && { label: t("events.claimed"), value: <Time at={event.claimed_at} /> },
          typeof event.started_at === "string" && { label: t("events.started"), value: <Time at={event.started_at} /> },
          event.duration_ms !== undefined && {
            label: t("events.lasted"),
            value: formatDuration(event.duration_ms, locale, true),
          },
          {
            label: t("events.who"),
            value: (
              <>
                {actor.kind === "user" && actor.id !== "" ? (
                  <Link href={paths.user(actor.id)}>{actorName(event, t("events.system"), t("events.nobody"))}</Link>
                ) : (
                  actorName(event, t("events.system"), t("events.nobody"))
                )}
                {actor.email === undefined || actor.email === actor.name ? null : (
                  <span className="muted">{actor.email}</span>
                )}
                {actor.active ? null : <Badge>{t("list.deactivated")}</Badge>}
                {narrow("events.who")}
              </>
            ),
          },
          object !== null &&
            object !== undefined && {
              label: labels.object_type ?? object.type,
              value: (
                <>
                  <Link href={paths.object(object.type, object.id)}>{object.name || object.id}</Link>
                  <span className="muted mono">{object.id}</span>
                  {object.url === undefined ? null : (
                    <ExternalLink href={object.url}>
                      {t("events.open_object")} <Out size={12} aria-hidden />
                    </ExternalLink>
                  )}
                  {narrow("events.object")}
                </>
              ),
            },
          event.location !== undefined &&
            event.location !== "" && {
              label: t("events.location"),
              value: (
                <>
                  {event.location} {narrow("events.location")}
                </>
              ),
            },
          event.reason !== undefined && event.reason !== "" && { label: t("events.reason"), value: event.reason },
          event.details !== undefined && event.details !== "" && { label: t("events.details"), value: event.details },
          event.records !== undefined && {
            label: t("events.records"),
            value: formatNumber(event.records, locale),
          },
        ]}
      />
      <ChangesTable changes={event.changes ?? []} />
      {media.length === 0 ? null : (
        <section className={styles.section}>
          <h2>{t("events.media")}</h2>
          {media.map(({ url, text }) => (
            <div key={url ?? text}>
              {typeof url === "string" ? (
                <ExternalLink href={url} className={styles.media ?? ""}>
                  <CirclePlay size={14} aria-hidden /> {t("events.listen")}
                </ExternalLink>
              ) : null}
              {typeof text === "string" ? <blockquote className={styles.quote}>{text}</blockquote> : null}
            </div>
          ))}
        </section>
      )}
      <Facts
        title={t("events.from_where")}
        rows={[
          typeof context.ip === "string" && {
            label: t("events.ip"),
            value: (
              <>
                <span className="mono">{context.ip}</span> {narrow("events.ip")}
              </>
            ),
          },
          place !== undefined && {
            label: t("events.place"),
            value: (
              <>
                {place}
                {geo && geo.accuracy_km > 0 ? (
                  <span className="muted">{t("events.accuracy", { km: geo.accuracy_km })}</span>
                ) : null}
              </>
            ),
          },
          geo?.as_org !== undefined &&
            geo.as_org !== "" && {
              label: t("events.network"),
              value: [geo.as_org, geo.flags].filter(Boolean).join(", "),
            },
          machine !== undefined && {
            label: t("events.device"),
            value: (
              <>
                {machine}
                {device?.confidence === undefined ? null : (
                  <span className="muted">{t("events.certainty", { word: device.confidence })}</span>
                )}
                {narrow("events.device")}
              </>
            ),
          },
          context.session_key !== undefined &&
            context.session_key !== "" && {
              label: t("events.session"),
              value: (
                <>
                  <span className="mono">{context.session_key}</span> {narrow("events.session")}
                </>
              ),
            },
        ]}
      />
      {place === undefined ? null : (
        <ExternalLink href="https://db-ip.com" className={styles.licence ?? ""}>
          {t("common.db_ip")}
        </ExternalLink>
      )}
      <Facts
        title={t("events.why")}
        rows={[
          ...(event.violations ?? []).map((flag) => ({
            label: nameOf("violations", flag.rule),
            value: (
              <>
                <Level level={flag.level} />
                {flag.id === undefined ? null : (
                  <Link href={paths.violation(flag.id)}>{t("shell.title.violation")}</Link>
                )}
                <span className="muted">{limitSeen(flag, words)}</span>
              </>
            ),
          })),
          signals.length > 0 && {
            label: t("events.signals"),
            value: <span>{signals.join(" · ")}</span>,
          },
        ]}
      />
      {sees ? <Explain key={event.id} event={event} /> : null}
      <Facts
        rows={[
          {
            label: t("events.id"),
            value: (
              <>
                <span className="mono">{event.id}</span>
                <CopyButton text={event.id} label={t("common.copy_id")} />
              </>
            ),
          },
          event.source !== undefined && event.source !== "" && { label: t("events.source"), value: event.source },
          { label: t("events.type"), value: <span className="mono">{event.type}</span> },
        ]}
      />
      <RawJson value={event} />
    </article>
  );
}
