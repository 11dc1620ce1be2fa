import { useMay, useTenant } from "../../data/me";
import type { Event } from "../../data/schema";
import { events } from "../../fields/events";
import { LinkButton } from "../../kit/LinkButton";
import { ListFrame } from "../../list/ListFrame";
import { EventDrawer } from "../../list/event/EventDrawer";
import { eventActions } from "../../list/event/actions";
import { Restoring } from "../../list/event/Restoring";
import { readEvents } from "../../list/event/read";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import styles from "./EventsPage.module.css";

const path = "/v1/events";
const read = readEvents(path);
const hrefOf = ({ id, source }: Event) => paths.event(id, source);

/** The activity log. */
export default function EventsPage() {
  const words = useWords();
  const { t } = words;
  const { logging } = useTenant();
  const mayAdminister = useMay("administer");
  return (
    <Restoring>
      <ListFrame
        fields={events}
        title={t("events.title")}
        path={path}
        read={read}
        hasSummary
        hasFollow
        hasOrder
        hrefOf={hrefOf}
        actions={(row) => eventActions(row, words)}
        drawer={({ id, row, step, close, act }) => (
          <EventDrawer id={id} row={row} step={step} onClose={close} onFact={act} />
        )}
        banner={
          logging ? null : (
            <div className={styles.banner} role="status">
              <p>{t("events.logging_off")}</p>
              {mayAdminister ? (
                <LinkButton href={paths.setup()} size="small">
                  {t("events.turn_on")}
                </LinkButton>
              ) : null}
            </div>
          )
        }
        empty={mayAdminister ? <LinkButton href={paths.setup()}>{t("events.to_setup")}</LinkButton> : null}
      />
    </Restoring>
  );
}
