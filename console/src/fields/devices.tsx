import { Ban, CircleCheck, CircleHelp } from "lucide-react";
import type { ReactNode } from "react";
import type { Access, UserDevice } from "../data/users";
import { placeName } from "../kit/place";
import { Time } from "../kit/Time";
import { useWords } from "../words/words";
import { DeviceKind, deviceName, versioned } from "./device";
import type { ListFields } from "./list";
import { listOf, oneOf, period } from "./schemas";
import styles from "./devices.module.css";

const icons = { allow: CircleCheck, block: Ban, ask: CircleHelp } as const;

/** Whether a device may in: by icon and word. */
export function AccessMark({ access }: { access: Access }) {
  const { t } = useWords();
  const Icon = icons[access];
  return (
    <span className={styles.access} data-access={access}>
      <Icon size={14} aria-hidden />
      {t(`user.access.${access}`)}
    </span>
  );
}

function Seen({ at, show }: { at: string | null | undefined; show?: "column" | "date" }) {
  const { t } = useWords();
  return at === null || at === undefined ? (
    <span className="muted">{t("common.none")}</span>
  ) : (
    <Time at={at} show={show ?? "column"} stop={false} />
  );
}

/** How sure it is that this is one device, and no other. */
function Certainty({ row }: { row: UserDevice }) {
  const { t } = useWords();
  const known = ["high", "medium", "low"] as const;
  const confidence = known.find((word) => word === row.confidence) ?? "none";
  const text = t(`user.certainty.${confidence}`);
  return <span title={text}>{text}</span>;
}

function Place({ row }: { row: UserDevice }) {
  const { t, locale } = useWords();
  const place = placeName(row.place, locale);
  return place === undefined ? <span className="muted">{t("user.place_unknown")}</span> : <span>{place}</span>;
}

function Number({ value }: { value: number }) {
  const { locale } = useWords();
  return <span>{value.toLocaleString(locale)}</span>;
}

/** What a page adds to a row: what can be decided, and what was. */
export interface DeviceCells {
  access: (row: UserDevice) => ReactNode;
  decided: (row: UserDevice) => ReactNode;
}

/** The devices of a user. */
export function deviceFields(cells: DeviceCells): ListFields<UserDevice> {
  return {
    id: "devices",
    columns: [
      {
        id: "device",
        label: "user.device",
        cell: (row) => <DeviceKind device={row} />,
        width: "minmax(120px, 1fr)",
        least: 120,
        columns: ["kind", "model", "id"],
        shown: true,
        narrow: "first",
      },
      {
        id: "browser",
        label: "user.browser",
        cell: (row) => <span>{versioned(row.browser, row.browser_version)}</span>,
        width: "minmax(104px, 1fr)",
        least: 104,
        columns: ["browser"],
        shown: true,
        narrow: "second",
      },
      {
        id: "os",
        label: "user.os",
        cell: (row) => <span>{versioned(row.os, row.os_version)}</span>,
        width: "minmax(96px, 1fr)",
        least: 96,
        columns: ["os"],
        shown: true,
      },
      {
        id: "access",
        label: "user.access",
        cell: cells.access,
        width: "196px",
        least: 196,
        columns: ["access"],
        shown: true,
        narrow: "aside",
      },
      {
        id: "decided",
        label: "user.access.decided",
        cell: cells.decided,
        width: "minmax(200px, 2fr)",
        least: 200,
        columns: [],
        shown: true,
      },
      {
        id: "first_sign_in",
        label: "user.first_sign_in",
        cell: (row) => <Seen at={row.first_sign_in_at} show="date" />,
        width: "108px",
        least: 108,
        columns: ["first_sign_in_at"],
        shown: true,
      },
      {
        id: "last_sign_in",
        label: "user.last_sign_in",
        cell: (row) => <Seen at={row.last_sign_in_at} />,
        width: "152px",
        least: 152,
        columns: ["last_sign_in_at"],
        shown: true,
        narrow: "third",
      },
      {
        id: "certainty",
        label: "user.certainty",
        cell: (row) => <Certainty row={row} />,
        width: "minmax(160px, 1.2fr)",
        least: 160,
        columns: ["confidence"],
        shown: true,
      },
      {
        id: "sign_ins",
        label: "user.sign_in_count",
        cell: (row) => <Number value={row.sign_ins} />,
        width: "92px",
        least: 92,
        columns: ["sign_ins"],
        shown: true,
        end: true,
      },
      {
        id: "failed",
        label: "user.failed_count",
        cell: (row) => <Number value={row.failed_sign_ins} />,
        width: "92px",
        least: 92,
        columns: ["failed_sign_ins"],
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
      },
      {
        id: "first_seen",
        label: "user.first_seen_at",
        cell: (row) => <Seen at={row.first_seen_at} />,
        width: "152px",
        least: 152,
        columns: ["first_seen_at"],
        shown: false,
      },
      {
        id: "last_seen",
        label: "user.last_seen_at",
        cell: (row) => <Seen at={row.last_seen_at} />,
        width: "152px",
        least: 152,
        columns: ["last_seen_at"],
        shown: false,
      },
    ],
    filters: [
      { kind: "period", param: "period", label: "user.filter.period", schema: period },
      { kind: "switch", param: "signed_in", label: "user.filter.signed_in", schema: oneOf("true", "false") },
      {
        kind: "checks",
        param: "kind",
        label: "user.filter.kind",
        schema: listOf("desktop", "mobile", "tablet", "tv", "console", "wearable", "bot", "script", "unknown"),
        choices: [
          { value: "desktop", label: "user.kind.desktop" },
          { value: "mobile", label: "user.kind.mobile" },
          { value: "tablet", label: "user.kind.tablet" },
          { value: "script", label: "user.kind.script" },
          { value: "bot", label: "user.kind.bot" },
        ],
      },
    ],
    rowId: (row) => row.id ?? "",
    rowName: (row) => deviceName(row, { known: (_prefix, word) => word }),
    facts: () => [],
  };
}
