import type { Event } from "../../data/schema";
import { events } from "../../fields/events";
import type { ListFields } from "../../fields/list";

/** The history of one object: who changed what when; the object itself needs no column, and the API knows no filter but a period. */
export const objectHistory: ListFields<Event> = {
  ...events,
  id: "history",
  columns: events.columns
    .filter(({ id }) => id !== "object")
    .map((column) => (column.id === "location" ? { ...column, shown: false } : column)),
  filters: events.filters.filter(({ param }) => param === "period"),
  facts: () => [],
};

/** Who looked at an object: when, who, how, from where. */
export const objectViews: ListFields<Event> = {
  ...events,
  id: "views",
  columns: events.columns
    .filter(({ id }) => id !== "object" && id !== "additional")
    .map((column) => (["ip", "device", "place"].includes(column.id) ? { ...column, shown: true } : column)),
  filters: events.filters.filter(({ param }) => ["period", "actor_id"].includes(param)),
};
