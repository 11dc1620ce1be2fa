import type { ComponentProps } from "react";
import { useMemo } from "react";
import type { Event } from "../../data/schema";
import { ListFrame } from "../../list/ListFrame";
import { useWords } from "../../words/words";
import { objectViews } from "./fields";
import styles from "./ObjectPage.module.css";

type SeenProps = Omit<ComponentProps<typeof ListFrame<Event>>, "fields" | "path" | "banner">;

/** The log read backwards: everybody who looked at the object or exported it. */
export function Seen({ locked, ...shared }: SeenProps) {
  const { t } = useWords();
  const views = useMemo(() => ({ ...locked, category: "views" }), [locked]);
  return (
    <ListFrame
      {...shared}
      fields={objectViews}
      path="/v1/events"
      locked={views}
      banner={<p className={styles.hint}>{t("objects.seen_hint")}</p>}
      empty={<p className="muted">{t("objects.seen_empty")}</p>}
    />
  );
}
