import type { Session } from "../data/users";
import { placeName } from "../kit/place";
import { Time } from "../kit/Time";
import { formatDuration, formatNumber } from "../time/format";
import { useWords } from "../words/words";
import type { ListFields } from "./list";
import { list, oneOf, period } from "./schemas";

function At({ at }: { at: string | null }) {
  const { t } = useWords();
  return at === null ? <span className="muted">{t("common.none")}</span> : <Time at={at} show="column" stop={false} />;
}

function Device({ row }: { row: Session }) {
  const { known } = useWords();
  return <span>{[known("user.kind", row.device_kind), row.browser, row.os].filter(Boolean).join(" · ")}</span>;
}

function Place({ row }: { row: Session }) {
  const { t, locale } = useWords();
  return <span>{placeName(row.place, locale) ?? t("user.place_unknown")}</span>;
}

function Lasted({ row }: { row: Session }) {
  const { locale } = useWords();
  const { started_at: from, last_activity_at: to } = row;
  return from === null ? null : <span>{formatDuration(Date.parse(to) - Date.parse(from), locale)}</span>;
}

function Count({ value }: { value: number }) {
  const { locale } = useWords();
  return <span>{formatNumber(value, locale)}</span>;
}

/** Sign-ins grouped by session: from when to when somebody was in, on what and from where. */
export const sessions: ListFields<Session> = {
  id: "sessions",
  columns: [
    {
      id: "started",
      label: "user.session_began",
      cell: (row) => <At at={row.started_at} />,
      width: "152px",
      least: 152,
      columns: ["started_at"],
      shown: true,
      narrow: "first",
    },
    {
      id: "last",
      label: "user.session_activity",
      cell: (row) => <At at={row.last_activity_at} />,
      width: "152px",
      least: 152,
      columns: ["last_activity_at"],
      shown: true,
      narrow: "aside",
    },
    {
      id: "lasted",
      label: "user.session_lasted",
      cell: (row) => <Lasted row={row} />,
      width: "104px",
      least: 104,
      columns: [],
      shown: true,
    },
    {
      id: "out",
      label: "user.session_out",
      cell: (row) => <At at={row.signed_out_at} />,
      width: "152px",
      least: 152,
      columns: ["signed_out_at"],
      shown: true,
    },
    {
      id: "device",
      label: "user.device",
      cell: (row) => <Device row={row} />,
      width: "minmax(180px, 1.5fr)",
      least: 180,
      columns: ["device_kind", "browser", "os"],
      shown: true,
      narrow: "second",
    },
    {
      id: "ip",
      label: "user.ip",
      cell: (row) => <span className="mono">{row.ip}</span>,
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
      narrow: "third",
    },
    {
      id: "events",
      label: "user.session_events",
      cell: (row) => <Count value={row.events} />,
      width: "88px",
      least: 88,
      columns: ["events"],
      shown: true,
      end: true,
    },
    {
      id: "key",
      label: "user.session",
      cell: (row) => <span className="mono">{row.key}</span>,
      width: "minmax(104px, 1fr)",
      least: 104,
      columns: ["key"],
      shown: false,
    },
  ],
  filters: [
    { kind: "period", param: "period", label: "user.filter.period", schema: period },
    { kind: "switch", param: "signed_out", label: "user.filter.signed_out", schema: oneOf("true") },
    { kind: "text", param: "device_id", label: "user.filter.device", schema: list },
  ],
  rowId: (row) => row.key,
  rowName: (row) => row.started_at ?? row.key,
  facts: () => [],
};
