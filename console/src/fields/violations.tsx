import type { ReactNode } from "react";
import type { Violation } from "../data/violations";
import { Level } from "../kit/Level";
import { placeName } from "../kit/place";
import { Time } from "../kit/Time";
import { useWords } from "../words/words";
import type { ListFields } from "./list";
import { list, listOf, oneOf, period } from "./schemas";

const levels = ["informational", "low", "medium", "high", "critical"] as const;

function Amount({ value }: { value: number | null }) {
  const { t, locale } = useWords();
  return value === null ? (
    <span className="muted">{t("common.none")}</span>
  ) : (
    <span>{value.toLocaleString(locale, { maximumFractionDigits: 1 })}</span>
  );
}

function Done({ row }: { row: Violation }) {
  const { known } = useWords();
  return <span>{known("user.done", row.action)}</span>;
}

function Place({ row }: { row: Violation }) {
  const { t, locale } = useWords();
  const place = placeName(row.place, locale);
  return place === undefined ? <span className="muted">{t("user.place_unknown")}</span> : <span>{place}</span>;
}

/** What a page adds to a row: whether somebody has looked at it, and the button that says so. */
export interface ViolationCells {
  status: (row: Violation) => ReactNode;
}

/** The restriction history of a user: each breach with the restriction in force. */
export function violationFields(cells: ViolationCells): ListFields<Violation> {
  return {
    id: "restrictions",
    columns: [
      {
        id: "time",
        label: "user.time",
        cell: (row) => <Time at={row.last_at ?? row.window_at} show="column" stop={false} />,
        width: "152px",
        least: 152,
        columns: ["last_at"],
        sort: true,
        shown: true,
        narrow: "aside",
      },
      {
        id: "rule",
        label: "user.rule",
        cell: (row) => <span title={row.title}>{row.title}</span>,
        width: "minmax(170px, 1.6fr)",
        least: 170,
        columns: ["title", "rule"],
        shown: true,
        narrow: "first",
      },
      {
        id: "level",
        label: "user.level",
        cell: (row) => <Level level={row.level} />,
        width: "116px",
        least: 116,
        columns: ["level"],
        shown: true,
        narrow: "third",
      },
      {
        id: "status",
        label: "user.status",
        cell: cells.status,
        width: "minmax(340px, 3fr)",
        least: 340,
        columns: ["review.at", "review.by", "review.note"],
        shown: true,
        narrow: "second",
      },
      {
        id: "limit",
        label: "user.limit",
        cell: (row) => <Amount value={row.limit} />,
        width: "148px",
        least: 148,
        columns: ["limit"],
        shown: true,
        end: true,
      },
      {
        id: "seen",
        label: "user.seen",
        cell: (row) => <Amount value={row.seen} />,
        width: "88px",
        least: 88,
        columns: ["seen"],
        shown: true,
        end: true,
      },
      {
        id: "done",
        label: "user.done",
        cell: (row) => <Done row={row} />,
        width: "minmax(140px, 1fr)",
        least: 140,
        columns: ["action"],
        shown: true,
      },
      {
        id: "count",
        label: "user.events",
        cell: (row) => <Amount value={row.count} />,
        width: "84px",
        least: 84,
        columns: ["count"],
        shown: true,
        end: true,
      },
      {
        id: "ip",
        label: "user.ip",
        cell: (row) => <span className="mono">{row.ip ?? ""}</span>,
        width: "minmax(116px, 1fr)",
        least: 116,
        columns: ["ip"],
        shown: false,
      },
      {
        id: "place",
        label: "user.place",
        cell: (row) => <Place row={row} />,
        width: "minmax(128px, 1fr)",
        least: 128,
        columns: ["place.country", "place.city"],
        shown: false,
      },
    ],
    filters: [
      { kind: "period", param: "period", label: "user.filter.period", schema: period },
      { kind: "switch", param: "reviewed", label: "user.filter.reviewed", schema: oneOf("true", "false") },
      {
        kind: "checks",
        param: "level",
        label: "user.level",
        schema: listOf(...levels),
        choices: [
          { value: "critical", label: "common.level.critical" },
          { value: "high", label: "common.level.high" },
          { value: "medium", label: "common.level.medium" },
          { value: "low", label: "common.level.low" },
          { value: "informational", label: "common.level.informational" },
        ],
      },
      { kind: "text", param: "rule", label: "user.filter.rule", schema: list },
      { kind: "text", param: "device_id", label: "user.filter.device", schema: list },
    ],
    rowId: (row) => row.id,
    rowName: (row) => row.title,
    facts: (row) => [{ label: "user.filter.rule", text: row.title, filter: { rule: row.rule } }],
  };
}
