import type { Event } from "../../data/schema";
import { paths } from "../../paths";
import type { Words } from "../../words/words";
import type { RowAction } from "../RowMenu";

/** Where a row leads besides its own details. */
export function eventActions({ actor, object, id, source }: Event, { t }: Words): RowAction[] {
  const actions: (RowAction | undefined)[] = [
    { id: "page", label: t("list.own_page"), href: paths.event(id, source) },
    actor.kind === "user" && actor.id !== ""
      ? { id: "person", label: t("events.open_person"), href: paths.user(actor.id) }
      : undefined,
    object ? { id: "history", label: t("events.history"), href: paths.object(object.type, object.id) } : undefined,
  ];
  return actions.filter((action) => action !== undefined);
}
