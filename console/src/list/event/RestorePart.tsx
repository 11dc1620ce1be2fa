import { CircleSlash, RotateCcw } from "lucide-react";
import { useContext } from "react";
import { useMay, useTenant } from "../../data/me";
import type { Event } from "../../data/schema";
import { RestoreContext } from "../../fields/restore";
import { Button } from "../../kit/Button";
import { useWords } from "../../words/words";
import styles from "./EventDetails.module.css";

/** Restore, or why not: by the type of the event, the plan, the permission. */
export function RestorePart({ event }: { event: Event }) {
  const { t } = useWords();
  const { plan } = useTenant();
  const mayAdminister = useMay("administer");
  const restore = useContext(RestoreContext);
  if (typeof event.not_restorable_reason === "string") {
    return (
      <div className={styles.restore}>
        <CircleSlash size={14} aria-hidden />
        <span>
          {t("events.not_restorable")}
          {": "}
          {event.not_restorable_reason}
        </span>
      </div>
    );
  }
  if (!event.restorable || restore === undefined) {
    return null;
  }
  const reason =
    plan.features.restore === false
      ? t("events.restore_no_plan", { plan: plan.plan })
      : mayAdminister
        ? undefined
        : t("events.restore_no_right");
  return (
    <div className={styles.restore}>
      <Button size="small" icon={<RotateCcw size={14} aria-hidden />} reason={reason} onPress={() => restore(event)}>
        {t("events.restore")}
      </Button>
      {reason === undefined ? null : <span className="muted">{reason}</span>}
    </div>
  );
}
