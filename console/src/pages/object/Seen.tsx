import type { ComponentProps } from "react";
import { useMemo } from "react";
import { useAddress } from "../../address";
import type { Event } from "../../data/schema";
import { Segments } from "../../kit/Segments";
import { ListFrame } from "../../list/ListFrame";
import { useWords } from "../../words/words";
import { objectViews } from "./fields";
import { SeenBy } from "./SeenBy";
import styles from "./ObjectPage.module.css";

type SeenProps = Omit<ComponentProps<typeof ListFrame<Event>>, "fields" | "path" | "banner">;

/** The log read backwards: everybody who looked at the object or exported it, by person or one look after the other. */
export function Seen({ locked, ...shared }: SeenProps) {
  const { t } = useWords();
  const { search, push } = useAddress();
  const views = useMemo(() => ({ ...locked, category: "views" }), [locked]);
  const each = search["_by"] === "look";
  return (
    <>
      <div className={styles.seenHead}>
        <p className={styles.hint}>{t("objects.seen_hint")}</p>
        <Segments
          bare
          label={t("objects.seen_by")}
          value={each ? "look" : "person"}
          onChange={(next) => push(next === "look" ? { _tab: "seen", _by: "look" } : { _tab: "seen" })}
          choices={[
            { id: "person", label: t("objects.seen_by.person") },
            { id: "look", label: t("objects.seen_by.look") },
          ]}
        />
      </div>
      {each ? (
        <ListFrame
          {...shared}
          fields={objectViews}
          path="/v1/events"
          locked={views}
          empty={<p className="muted">{t("objects.seen_empty")}</p>}
        />
      ) : (
        <SeenBy query={views} />
      )}
    </>
  );
}
