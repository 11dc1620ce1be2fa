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
import { eventFilters } from "./eventFilters";
import type { Column, Fact, ListFields } from "./list";
import { joinList } from "./schemas";

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
    width: "minmax(128px, 1fr)",
    least: 128,
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
  filters: eventFilters,
  rowId: ({ id }) => id,
  at: ({ occurred_at: at }) => at,
  rowName: ({ text: sentence, name }) => sentence || name,
  facts: eventFacts,
};
