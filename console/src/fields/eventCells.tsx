import { CirclePlay, ExternalLink as Out, History, RotateCcw, UserX } from "lucide-react";
import { useContext } from "react";
import type { Event } from "../data/schema";
import { ClassMark } from "../kit/ClassMark";
import { Level } from "../kit/Level";
import { ExternalLink } from "../kit/Link";
import { Time } from "../kit/Time";
import { paths } from "../paths";
import { formatNumber } from "../time/format";
import { useWords } from "../words/words";
import { ChangeText } from "./ChangeText";
import { RestoreContext } from "./restore";
import styles from "./fields.module.css";
import { deviceText, placeText } from "./values";

/** What an actor is called: "System" where the product itself acted. */
export function actorName(event: Event, system: string, nobody: string): string {
  const { kind, label, name, email, id } = event.actor;
  return kind === "system" && (name ?? "") === "" ? system : name || label || email || id || nobody;
}

export function TimeCell({ row }: { row: Event }) {
  const { t } = useWords();
  return (
    <>
      <Time at={row.occurred_at} show="column" stop={false} />
      {row.backfill ? (
        <span className={styles.mark} title={t("events.backfill")}>
          <History size={13} aria-label={t("events.backfill")} />
        </span>
      ) : null}
    </>
  );
}

export function ActorCell({ row }: { row: Event }) {
  const { t } = useWords();
  return (
    <>
      <span>{actorName(row, t("events.system"), t("events.nobody"))}</span>
      {row.actor.kind === "user" && !row.actor.active ? <UserX size={13} aria-label={t("list.deactivated")} /> : null}
    </>
  );
}

export function EventCell({ row }: { row: Event }) {
  return (
    <>
      <ClassMark name={row.class} iconOnly />
      <span className={`${styles.sentence} ${row.outcome === "failure" ? styles.failed : ""}`}>{row.text}</span>
    </>
  );
}

/** The object's history in the log; and, where the tenant set how, the object itself in its product. */
export function ObjectCell({ row }: { row: Event }) {
  const { t } = useWords();
  const { object } = row;
  if (object === null || object === undefined) {
    return null;
  }
  const name = object.name || `${row.labels.object_type ?? object.type} ${object.id}`;
  return (
    <>
      <a href={paths.object(object.type, object.id)} className={styles.object}>
        {name}
      </a>
      {object.url === undefined ? null : (
        <ExternalLink href={object.url} className={styles.out ?? ""}>
          <Out size={13} aria-label={t("events.open_object")} />
        </ExternalLink>
      )}
    </>
  );
}

/** Details, old and new, what can be restored, what can be listened to. */
export function AdditionalCell({ row }: { row: Event }) {
  const { t } = useWords();
  const restore = useContext(RestoreContext);
  const [first, ...others] = row.changes ?? [];
  const media = row.media?.find(({ url }) => typeof url === "string");
  return (
    <>
      {row.restorable && restore !== undefined ? (
        <button type="button" className={styles.act} onClick={() => restore(row)}>
          <RotateCcw size={13} aria-hidden />
          {t("events.restore")}
        </button>
      ) : null}
      {typeof media?.url === "string" ? (
        <ExternalLink href={media.url} className={styles.out ?? ""}>
          <CirclePlay size={14} aria-label={t("events.listen")} />
        </ExternalLink>
      ) : null}
      {typeof row.not_restorable_reason === "string" ? (
        <span title={row.not_restorable_reason}>{row.not_restorable_reason}</span>
      ) : row.details !== undefined && row.details !== "" ? (
        <span title={row.details}>{row.details}</span>
      ) : first === undefined ? (
        row.reason === undefined ? null : (
          <span title={row.reason}>{row.reason}</span>
        )
      ) : (
        <ChangeText change={first} />
      )}
      {others.length > 0 && (row.details ?? "") === "" ? (
        <span className={styles.mark}>{t("events.more_changes", { count: others.length })}</span>
      ) : null}
    </>
  );
}

export function PlaceCell({ row }: { row: Event }) {
  const { locale } = useWords();
  return <span>{placeText(row.geo, locale)}</span>;
}

export function ClassCell({ row }: { row: Event }) {
  return <ClassMark name={row.class} />;
}

export function DeviceCell({ row }: { row: Event }) {
  return <span>{deviceText(row.device)}</span>;
}

export function RecordsCell({ row }: { row: Event }) {
  const { locale } = useWords();
  return <span>{row.records === undefined ? null : formatNumber(row.records, locale)}</span>;
}

export function RulesCell({ row }: { row: Event }) {
  return (
    <>
      {(row.violations ?? []).map(({ rule, level }) => (
        <span key={rule}>
          <Level level={level} /> {rule}
        </span>
      ))}
    </>
  );
}
