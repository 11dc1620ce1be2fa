import { useMutation, useQuery } from "@tanstack/react-query";
import { useMay, useTenant } from "../../data/me";
import { lastState, restore } from "../../data/events";
import { asProblem } from "../../data/problem";
import type { Event } from "../../data/schema";
import { valueText } from "../../fields/values";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { Facts } from "../../kit/Facts";
import { LinkButton } from "../../kit/LinkButton";
import { Skeleton } from "../../kit/Skeleton";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { ProblemState } from "../ProblemState";
import { problemWords } from "../problems";
import styles from "./RestoreDialog.module.css";

interface RestoreDialogProps {
  event: Event;
  onClose: () => void;
}

/** Shows what would come back, asks for it, and says how it ended. */
export default function RestoreDialog({ event, onClose }: RestoreDialogProps) {
  const words = useWords();
  const { t } = words;
  const { plan } = useTenant();
  const mayAdminister = useMay("administer");
  const { object, id, source } = event;
  const state = useQuery({
    ...lastState(object?.type ?? "", object?.id ?? ""),
    enabled: object !== null && object !== undefined,
  });
  const asked = useMutation({ mutationFn: () => restore({ id, source }) });
  const name = object?.name || object?.id || event.name;
  const last = state.data?.object;
  const outcome = asked.data;
  const reason =
    plan.features.restore === false
      ? t("events.restore_no_plan", { plan: plan.plan })
      : mayAdminister
        ? undefined
        : t("events.restore_no_right");
  const ended = outcome?.status === "succeeded";
  return (
    <Dialog
      title={t("events.restore_title", { name })}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{ended ? t("common.close") : t("common.cancel")}</Button>
          {ended ? null : (
            <Button kind="primary" isPending={asked.isPending} reason={reason} onPress={() => asked.mutate()}>
              {asked.isError || outcome?.status === "failed" ? t("common.retry") : t("events.restore")}
            </Button>
          )}
        </>
      }
    >
      <p>{t("events.restore_text")}</p>
      {state.isError ? <ProblemState error={state.error} onRetry={() => void state.refetch()} /> : null}
      {state.isPending && object ? <Skeleton rows={4} label={t("common.loading")} /> : null}
      {last ? (
        <div className={styles.state}>
          <Facts
            title={t("events.restore_state")}
            rows={Object.entries(last.state).map(([label, value]) => ({
              label,
              value: valueText(value) ?? t("events.empty_value"),
            }))}
          />
          {Object.keys(last.state).length === 0 ? <p className="muted">{t("events.no_state")}</p> : null}
          {last.whole ? null : <p className="muted">{t("events.restore_part")}</p>}
        </div>
      ) : null}
      <div role="status" aria-live="polite">
        {asked.isPending ? <p>{t("events.restore_running")}</p> : null}
        {asked.isError ? (
          <p className={styles.failed}>
            {[problemWords(asProblem(asked.error), words).title, problemWords(asProblem(asked.error), words).text].join(
              ". ",
            )}
          </p>
        ) : null}
        {outcome === undefined ? null : (
          <div className={styles.outcome}>
            <p className={ended ? styles.done : styles.failed}>
              {ended
                ? t("events.restore_done")
                : outcome.status === "failed"
                  ? t("events.restore_failed", { reason: outcome.reason ?? String(outcome.answer_status ?? "") })
                  : t("events.restore_running")}
            </p>
            <LinkButton size="small" kind="quiet" href={paths.event(outcome.event_id)}>
              {t("events.restore_outcome")}
            </LinkButton>
          </div>
        )}
      </div>
    </Dialog>
  );
}
