import type { Event } from "../data/schema";
import { Time } from "../kit/Time";
import {
  ActorCell,
  AdditionalCell,
  ClassCell,
  DeviceCell,
  EventCell,
  ObjectCell,
  PlaceCell,
  RecordsCell,
  RulesCell,
  TimeCell,
} from "./eventCells";
import type { Column, Fact, FilterField, ListFields } from "./list";
import { joinList, list, listOf, period, splitList, text } from "./schemas";

const columns: readonly Column<Event>[] = [
  {
    id: "time",
    label: "events.time",
    cell: (row) => <TimeCell row={row} />,
    width: "152px",
    least: 152,
    columns: ["occurred_at"],
    sort: true,
    shown: true,
    narrow: "aside",
  },
  {
    id: "who",
    label: "events.who",
    cell: (row) => <ActorCell row={row} />,
    width: "minmax(96px, 1fr)",
    least: 96,
    columns: ["actor.label", "actor.email"],
    shown: true,
    narrow: "second",
  },
  {
    id: "event",
    label: "events.event",
    cell: (row) => <EventCell row={row} />,
    width: "minmax(160px, 2.2fr)",
    least: 160,
    columns: ["name", "text"],
    shown: true,
    narrow: "first",
  },
  {
    id: "object",
    label: "events.object",
    cell: (row) => <ObjectCell row={row} />,
    width: "minmax(96px, 1.1fr)",
    least: 96,
    columns: ["object.type", "object.id", "object.name", "object.url"],
    shown: true,
  },
  {
    id: "additional",
    label: "events.additional",
    cell: (row) => <AdditionalCell row={row} />,
    width: "minmax(140px, 1.8fr)",
    least: 140,
    columns: ["details", "changes", "reason"],
    shown: true,
    narrow: "third",
  },
  {
    id: "location",
    label: "events.location",
    cell: ({ location }) => <span>{location}</span>,
    width: "minmax(72px, 0.7fr)",
    least: 72,
    columns: ["location"],
    shown: true,
  },
  {
    id: "class",
    label: "events.class",
    cell: (row) => <ClassCell row={row} />,
    width: "104px",
    least: 104,
    columns: ["class"],
    shown: false,
  },
  {
    id: "ip",
    label: "events.ip",
    cell: ({ context }) => <span className="mono">{context.ip}</span>,
    width: "124px",
    least: 124,
    columns: ["context.ip"],
    shown: false,
  },
  {
    id: "place",
    label: "events.place",
    cell: (row) => <PlaceCell row={row} />,
    width: "minmax(100px, 1fr)",
    least: 100,
    columns: ["geo.country", "geo.city"],
    shown: false,
  },
  {
    id: "device",
    label: "events.device",
    cell: (row) => <DeviceCell row={row} />,
    width: "minmax(120px, 1fr)",
    least: 120,
    columns: ["device.browser", "device.os", "device.id"],
    shown: false,
  },
  {
    id: "session",
    label: "events.session",
    cell: ({ context }) => <span className="mono">{context.session_key}</span>,
    width: "112px",
    least: 112,
    columns: ["context.session_key"],
    shown: false,
  },
  {
    id: "module",
    label: "events.module",
    cell: ({ labels, module }) => <span>{labels.module ?? module}</span>,
    width: "minmax(90px, 0.7fr)",
    least: 90,
    columns: ["module"],
    shown: false,
  },
  {
    id: "channel",
    label: "events.channel",
    cell: ({ labels, channel }) => <span>{labels.channel ?? channel}</span>,
    width: "minmax(80px, 0.6fr)",
    least: 80,
    columns: ["channel"],
    shown: false,
  },
  {
    id: "records",
    label: "events.records",
    cell: (row) => <RecordsCell row={row} />,
    width: "80px",
    least: 80,
    columns: ["records"],
    shown: false,
    end: true,
  },
  {
    id: "outcome",
    label: "events.outcome",
    cell: ({ labels, outcome }) => <span>{labels.outcome ?? outcome}</span>,
    width: "88px",
    least: 88,
    columns: ["outcome"],
    shown: false,
  },
  {
    id: "received",
    label: "events.received",
    cell: ({ received_at: at }) => <Time at={at} show="column" stop={false} />,
    width: "152px",
    least: 152,
    columns: ["received_at"],
    shown: false,
  },
  {
    id: "rules",
    label: "events.rules",
    cell: (row) => <RulesCell row={row} />,
    width: "minmax(140px, 1fr)",
    least: 140,
    columns: ["violations", "violations.title"],
    shown: false,
    permission: "see_violations",
  },
];

const whileUsers: NonNullable<FilterField["enabled"]> = (draft) => {
  const kinds = draft["actor_kind"];
  return kinds === undefined || splitList(kinds).includes("user");
};

/** In the order in which the screens have them: period, subject, employees, number, types and actions, events, locations, the rest. */
const filters: readonly FilterField[] = [
  { kind: "period", param: "period", label: "list.period", schema: period },
  {
    kind: "checks",
    param: "actor_kind",
    label: "events.filter.kind",
    schema: listOf("user", "system", "api_key"),
    choices: [
      { value: "user", label: "common.kind.user" },
      { value: "system", label: "common.kind.system" },
      { value: "api_key", label: "common.kind.api_key" },
    ],
  },
  {
    kind: "users",
    param: "actor_id",
    label: "events.filter.employees",
    schema: list,
    enabled: whileUsers,
    disabledHint: "events.filter.employees_off",
  },
  { kind: "text", param: "object_id", label: "events.filter.object_id", schema: list },
  { kind: "actions", param: "object_type", label: "events.filter.object_type", schema: list },
  {
    kind: "checks",
    param: "class",
    label: "events.filter.class",
    schema: listOf("create", "delete", "change", "other"),
    facet: "class",
    choices: [
      { value: "create", label: "common.class.create" },
      { value: "change", label: "common.class.change" },
      { value: "delete", label: "common.class.delete" },
      { value: "other", label: "common.class.other" },
    ],
  },
  { kind: "catalogue", param: "type", label: "events.filter.events", schema: list },
  { kind: "facet", param: "location", label: "events.filter.locations", schema: list, facet: "location" },
  {
    kind: "checks",
    param: "outcome",
    label: "events.outcome",
    schema: listOf("success", "failure", "unknown"),
    facet: "outcome",
    more: true,
    choices: [
      { value: "success", label: "common.outcome.success" },
      { value: "failure", label: "common.outcome.failure" },
      { value: "unknown", label: "common.outcome.unknown" },
    ],
  },
  {
    kind: "text",
    param: "q",
    label: "events.filter.words",
    schema: text,
    hint: "events.filter.words_hint",
    more: true,
  },
  { kind: "change", param: "changed", label: "events.filter.changed", schema: text, more: true },
  { kind: "facet", param: "module", label: "events.module", schema: list, facet: "module", more: true },
  { kind: "text", param: "channel", label: "events.channel", schema: list, more: true },
  { kind: "facet", param: "country", label: "events.filter.country", schema: list, facet: "country", more: true },
  { kind: "text", param: "ip", label: "events.ip", schema: list, more: true },
  { kind: "text", param: "device_id", label: "events.filter.device", schema: list, more: true },
  { kind: "text", param: "session_key", label: "events.filter.session", schema: list, more: true },
  {
    kind: "facet",
    param: "violations",
    label: "events.filter.rules",
    schema: list,
    facet: "rule",
    permission: "see_violations",
    more: true,
  },
];

const one = (value: string) => joinList([value]);

/** What an event can be narrowed to, value by value. */
export function eventFacts(row: Event): Fact[] {
  const { actor, object, labels, context, device } = row;
  const facts: (Fact | undefined)[] = [
    actor.id === ""
      ? undefined
      : { label: "events.who", text: actor.name || actor.label || actor.id, filter: { actor_id: one(actor.id) } },
    {
      label: "events.event",
      text: row.name,
      filter: { type: one(row.type) },
      exclude: { exclude_type: one(row.type) },
    },
    object
      ? {
          label: "events.object",
          text: object.name || object.id,
          filter: { object_type: one(object.type), object_id: one(object.id) },
        }
      : undefined,
    object
      ? {
          label: "events.filter.object_type",
          text: labels.object_type ?? object.type,
          filter: { object_type: one(object.type) },
        }
      : undefined,
    {
      label: "list.action",
      text: labels.action ?? row.action,
      filter: { action: one(row.action) },
      exclude: { exclude_action: one(row.action) },
    },
    row.location
      ? { label: "events.location", text: row.location, filter: { location: one(row.location) } }
      : undefined,
    context.ip ? { label: "events.ip", text: context.ip, filter: { ip: context.ip } } : undefined,
    device?.id ? { label: "events.device", text: device.id, filter: { device_id: one(device.id) } } : undefined,
    context.session_key
      ? { label: "events.session", text: context.session_key, filter: { session_key: one(context.session_key) } }
      : undefined,
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** The log: one description for its columns, its filter, its rows. */
export const events: ListFields<Event> = {
  id: "events",
  columns,
  filters,
  rowId: ({ id }) => id,
  at: ({ occurred_at: at }) => at,
  rowName: ({ text: sentence, name }) => sentence || name,
  facts: eventFacts,
};
