import type { FilterField } from "./list";
import { list, listOf, period, splitList, text } from "./schemas";

const whileUsers: NonNullable<FilterField["enabled"]> = (draft) => {
  const kinds = draft["actor_kind"];
  return kinds === undefined || splitList(kinds).includes("user");
};

/** In the order in which the screens have them: period, subject, employees, number, types and actions, events, locations, the rest. */
export const eventFilters: readonly FilterField[] = [
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
  {
    kind: "checks",
    param: "category",
    label: "events.filter.category",
    schema: listOf("sign_ins", "changes", "views", "configuration", "other"),
    more: true,
    choices: [
      { value: "sign_ins", label: "events.category.sign_ins" },
      { value: "changes", label: "events.category.changes" },
      { value: "views", label: "events.category.views" },
      { value: "configuration", label: "events.category.configuration" },
      { value: "other", label: "events.category.other" },
    ],
  },
  { kind: "text", param: "source", label: "events.source", schema: list, more: true },
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
