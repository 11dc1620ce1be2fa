import { CircleCheck, CircleX, CircleHelp } from "lucide-react";
import type { Flag, SignIn } from "../data/users";
import { Badge } from "../kit/Badge";
import { isLevel, Level } from "../kit/Level";
import { Link } from "../kit/Link";
import { placeName } from "../kit/place";
import { Time } from "../kit/Time";
import { paths } from "../paths";
import { useWords } from "../words/words";
import { DeviceKind, versioned } from "./device";
import type { ListFields } from "./list";
import { joinList, list, listOf, oneOf, period } from "./schemas";
import { signalWords } from "./signals";
import styles from "./signIns.module.css";

const outcomes = { success: CircleCheck, failure: CircleX, unknown: CircleHelp } as const;

function isOutcome(text: string): text is keyof typeof outcomes {
  return text in outcomes;
}

function Outcome({ row }: { row: SignIn }) {
  const { t } = useWords();
  const outcome = isOutcome(row.outcome) ? row.outcome : "unknown";
  const Icon = outcomes[outcome];
  return (
    <>
      <span className={styles.outcome} data-outcome={outcome} title={row.reason}>
        <Icon size={14} aria-hidden />
        {t(`user.outcome.${outcome}`)}
      </span>
      {row.backfill === true ? <Badge>{t("user.backfill")}</Badge> : null}
    </>
  );
}

function Session({ row }: { row: SignIn }) {
  const { t } = useWords();
  const { session } = row;
  if (session === null || session === undefined) {
    return <span className="muted">{t("user.no_session")}</span>;
  }
  return (
    <Link href={paths.events({ session_key: joinList([session.key]) })} className="mono">
      {session.key}
    </Link>
  );
}

function SessionActivity({ row }: { row: SignIn }) {
  const { t } = useWords();
  const at = row.session?.last_activity_at;
  return at === null || at === undefined ? (
    <span className="muted">{t("common.none")}</span>
  ) : (
    <Time at={at} show="column" stop={false} />
  );
}

function DeviceCell({ row }: { row: SignIn }) {
  const { t } = useWords();
  return row.device === null || row.device === undefined ? (
    <span className="muted">{t("user.device_unknown")}</span>
  ) : (
    <DeviceKind device={row.device} />
  );
}

function Place({ row }: { row: SignIn }) {
  const { t, locale } = useWords();
  const place = placeName(row.place, locale);
  return place === undefined ? <span className="muted">{t("user.place_unknown")}</span> : <span>{place}</span>;
}

function Signals({ row }: { row: SignIn }) {
  const words = useWords();
  const said = signalWords(row.signals, words);
  return <span title={said.join("\n")}>{said.join(" · ")}</span>;
}

/** Rules by their titles; of what the list has no title, by their names. */
function Rules({ flags, titles }: { flags: readonly Flag[]; titles: ReadonlyMap<string, string> }) {
  return flags.map((flag) => {
    const title = titles.get(flag.rule) ?? flag.rule;
    const content = (
      <>
        {isLevel(flag.level) ? <Level level={flag.level} /> : null}
        <span>{title}</span>
      </>
    );
    return flag.id === undefined || flag.id === "" ? (
      <Badge key={flag.rule}>{content}</Badge>
    ) : (
      <Link key={flag.rule} href={paths.violation(flag.id)} className={styles.rule}>
        {content}
      </Link>
    );
  });
}

/** The sign-in history of a user: a row for each sign-in and each attempt. */
export function signInFields(titles: ReadonlyMap<string, string>): ListFields<SignIn> {
  return {
    id: "sign-ins",
    columns: [
      {
        id: "time",
        label: "user.time",
        cell: (row) => <Time at={row.occurred_at} show="column" stop={false} />,
        width: "152px",
        least: 152,
        columns: ["occurred_at"],
        sort: true,
        shown: true,
        narrow: "aside",
      },
      {
        id: "outcome",
        label: "user.outcome",
        cell: (row) => <Outcome row={row} />,
        width: "104px",
        least: 104,
        columns: ["outcome", "reason"],
        shown: true,
        narrow: "first",
      },
      {
        id: "rules",
        label: "user.rules",
        cell: (row) => <Rules flags={row.violations} titles={titles} />,
        width: "minmax(160px, 1.5fr)",
        least: 160,
        columns: ["violations", "violations.title"],
        shown: true,
        narrow: "third",
      },
      {
        id: "device",
        label: "user.device",
        cell: (row) => <DeviceCell row={row} />,
        width: "minmax(112px, 1fr)",
        least: 112,
        columns: ["device.kind", "device.id", "device.confidence"],
        shown: true,
      },
      {
        id: "browser",
        label: "user.browser",
        cell: (row) => (row.device ? <span>{versioned(row.device.browser, row.device.browser_version)}</span> : null),
        width: "minmax(104px, 1fr)",
        least: 104,
        columns: ["device.browser"],
        shown: true,
      },
      {
        id: "os",
        label: "user.os",
        cell: (row) => (row.device ? <span>{versioned(row.device.os, row.device.os_version)}</span> : null),
        width: "minmax(96px, 1fr)",
        least: 96,
        columns: ["device.os"],
        shown: true,
      },
      {
        id: "ip",
        label: "user.ip",
        cell: (row) => (row.ip === null || row.ip === undefined ? null : <span className="mono">{row.ip}</span>),
        width: "minmax(116px, 1fr)",
        least: 116,
        columns: ["ip"],
        shown: true,
      },
      {
        id: "place",
        label: "user.place",
        cell: (row) => <Place row={row} />,
        width: "minmax(128px, 1.2fr)",
        least: 128,
        columns: ["place.country", "place.city"],
        shown: true,
        narrow: "second",
      },
      {
        id: "session",
        label: "user.session",
        cell: (row) => <Session row={row} />,
        width: "minmax(104px, 1fr)",
        least: 104,
        columns: ["session.key"],
        shown: true,
      },
      {
        id: "session_activity",
        label: "user.session_activity",
        cell: (row) => <SessionActivity row={row} />,
        width: "152px",
        least: 152,
        columns: ["session.last_activity_at", "session.signed_out_at"],
        shown: true,
      },
      {
        id: "signals",
        label: "user.signals",
        cell: (row) => <Signals row={row} />,
        width: "minmax(140px, 1.5fr)",
        least: 140,
        columns: ["signals"],
        shown: true,
      },
    ],
    filters: [
      { kind: "period", param: "period", label: "user.filter.period", schema: period },
      {
        kind: "checks",
        param: "outcome",
        label: "user.filter.outcome",
        schema: listOf("success", "failure", "unknown"),
        choices: [
          { value: "success", label: "user.outcome.success" },
          { value: "failure", label: "user.outcome.failure" },
          { value: "unknown", label: "user.outcome.unknown" },
        ],
      },
      { kind: "switch", param: "violations", label: "user.filter.violations", schema: oneOf("true", "false") },
      { kind: "text", param: "country", label: "user.filter.country", schema: list },
      { kind: "text", param: "device_id", label: "user.filter.device", schema: list },
    ],
    rowId: (row) => row.id,
    rowName: (row) => row.occurred_at,
    facts: (row) => {
      const { device, place } = row;
      return [
        ...(device?.id === undefined || device.id === ""
          ? []
          : [{ label: "user.filter.device" as const, text: device.id, filter: { device_id: joinList([device.id]) } }]),
        ...(place === null || place === undefined || place.country === ""
          ? []
          : [{ label: "user.filter.country" as const, text: place.country, filter: { country: place.country } }]),
      ];
    },
  };
}
