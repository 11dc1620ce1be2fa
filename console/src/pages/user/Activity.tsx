import { useMemo } from "react";
import { useAddress } from "../../address";
import type { Event } from "../../data/schema";
import { events } from "../../fields/events";
import { joinList } from "../../fields/schemas";
import { Segments } from "../../kit/Segments";
import { eventActions } from "../../list/event/actions";
import { EventDrawer } from "../../list/event/EventDrawer";
import { Restoring } from "../../list/event/Restoring";
import { readEvents } from "../../list/event/read";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import styles from "./User.module.css";

const path = "/v1/events";
const read = readEvents(path);
const hrefOf = ({ id, source }: Event) => paths.event(id, source);

/** What one person did: the log, locked to them; or which data they looked at and took away. */
export function Activity({ userId }: { userId: string }) {
  const words = useWords();
  const { t } = words;
  const { search, push } = useAddress();
  const viewed = search["_only"] === "views";
  const locked = useMemo(
    () => ({ actor_id: joinList([userId]), ...(viewed ? { category: "views" } : {}) }),
    [userId, viewed],
  );
  return (
    <Restoring>
      <div className={styles.presets}>
        <Segments
          bare
          label={t("user.activity.preset")}
          value={viewed ? "views" : "all"}
          onChange={(next) => {
            const { _only: _, ...rest } = search;
            push(next === "views" ? { ...rest, _only: "views" } : rest);
          }}
          choices={[
            { id: "all", label: t("user.activity.all") },
            { id: "views", label: t("user.activity.viewed") },
          ]}
        />
      </div>
      <ListFrame
        bare
        hasSummary
        hasFollow
        hasOrder
        fields={events}
        title={t("user.tab.activity")}
        path={path}
        locked={locked}
        read={read}
        hrefOf={hrefOf}
        actions={(row) => eventActions(row, words)}
        drawer={({ id, row, step, close, act }) => (
          <EventDrawer id={id} row={row} step={step} onClose={close} onFact={act} />
        )}
      />
    </Restoring>
  );
}
