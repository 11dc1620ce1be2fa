import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useAddress } from "../../address";
import { lastState } from "../../data/events";
import type { Event } from "../../data/schema";
import { events } from "../../fields/events";
import { joinList } from "../../fields/schemas";
import { Badge } from "../../kit/Badge";
import { PageHead } from "../../kit/PageHead";
import { Tabs } from "../../kit/Tabs";
import { eventActions } from "../../list/event/actions";
import { EventDrawer } from "../../list/event/EventDrawer";
import { readEvents } from "../../list/event/read";
import { Restoring } from "../../list/event/Restoring";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { objectHistory } from "./fields";
import { Seen } from "./Seen";
import { StateFields } from "./StateFields";
import styles from "./ObjectPage.module.css";

const readLog = readEvents("/v1/events");
const hrefOf = ({ id, source }: Event) => paths.event(id, source);

/** The path of an object's history, as the API has it. */
const historyPath = (type: string, id: string) =>
  `/v1/objects/${encodeURIComponent(type)}/${encodeURIComponent(id)}/history`;

/** One object: its last state, its history, all events about it, and who has seen it. */
export default function ObjectPage() {
  const words = useWords();
  const { t } = words;
  const { type = "", id = "" } = useParams({ strict: false });
  const { search, push } = useAddress();
  const state = useQuery(lastState(type, id));
  const last = state.data?.object;
  const [latest] = state.data?.data ?? [];
  const name = latest?.object?.name || t("objects.title", { type: latest?.labels.object_type ?? type, id });
  const tab = ["history", "events", "seen"].find((one) => one === search["_tab"]) ?? "history";
  const locked = useMemo(() => ({ object_type: joinList([type]), object_id: joinList([id]) }), [type, id]);
  const path = historyPath(type, id);
  const readHistory = useMemo(() => readEvents(path), [path]);
  const shared = {
    title: name,
    bare: true,
    hrefOf,
    hasOrder: true,
    actions: (row: Event) => eventActions(row, words),
    drawer: EventDrawerOf,
  };
  return (
    <Restoring>
      <PageHead
        title={name}
        marks={
          <>
            {last?.deleted === true ? <Badge tone="bad">{t("objects.deleted")}</Badge> : null}
            {last?.whole === false ? <Badge tone="warn">{t("objects.part")}</Badge> : null}
          </>
        }
        meta={
          <>
            <span>{latest?.labels.object_type ?? type}</span>
            <span className="mono">{id}</span>
            {last ? <span>{t("objects.edits", { count: last.edits })}</span> : null}
          </>
        }
      />
      {last ? <StateFields state={last.state} /> : null}
      <div className={styles.tabs}>
        <Tabs
          label={t("objects.sections")}
          selected={tab}
          // Each tab has a filter of its own, so the one before is left behind.
          onSelect={(next) => push(next === "history" ? {} : { _tab: next })}
          tabs={[
            {
              id: "history",
              label: t("objects.tab.history"),
              content: <ListFrame {...shared} fields={objectHistory} path={path} read={readHistory} order="asc" />,
            },
            {
              id: "events",
              label: t("objects.tab.events"),
              content: (
                <ListFrame {...shared} fields={events} path="/v1/events" locked={locked} read={readLog} hasSummary />
              ),
            },
            { id: "seen", label: t("objects.tab.seen"), content: <Seen {...shared} locked={locked} read={readLog} /> },
          ]}
        />
      </div>
    </Restoring>
  );
}

type DrawerProps = Parameters<NonNullable<Parameters<typeof ListFrame<Event>>[0]["drawer"]>>[0];

function EventDrawerOf({ id, row, step, close, act }: DrawerProps) {
  return <EventDrawer id={id} row={row} step={step} onClose={close} onFact={act} />;
}
