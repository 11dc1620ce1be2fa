import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Event } from "../../data/schema";
import { explanationFor, rules } from "../../data/rules";
import { Button } from "../../kit/Button";
import { Select } from "../../kit/Select";
import { Skeleton } from "../../kit/Skeleton";
import { useWords } from "../../words/words";
import { ProblemState } from "../ProblemState";
import { Steps } from "./Steps";
import styles from "./EventDetails.module.css";

/** Whether the event breaks a rule, and if not, how far it is from it: any rule, not only those that it broke. */
export function Explain({ event }: { event: Event }) {
  const { t } = useWords();
  const [asked, setAsked] = useState(false);
  const [rule, setRule] = useState(event.violations?.[0]?.rule ?? "");
  const list = useQuery({ ...rules(), enabled: asked });
  const found = useQuery({ ...explanationFor(event, rule), enabled: asked && rule !== "" });
  if (!asked) {
    return (
      <div>
        <Button size="small" onPress={() => setAsked(true)}>
          {t("events.explain")}
        </Button>
      </div>
    );
  }
  const choices = (list.data?.data ?? []).map(({ name, title }) => ({ id: name, label: title }));
  return (
    <section className={styles.section}>
      {list.isError ? <ProblemState error={list.error} onRetry={() => void list.refetch()} /> : null}
      <Select
        label={t("events.explain")}
        choices={[...(rule === "" ? [{ id: "", label: t("events.explain_choose") }] : []), ...choices]}
        value={rule}
        onChange={setRule}
        isDisabled={list.isPending}
      />
      {rule === "" ? null : found.isError ? (
        <ProblemState error={found.error} onRetry={() => void found.refetch()} />
      ) : found.data === undefined ? (
        <Skeleton rows={3} label={t("common.loading")} />
      ) : (
        <div aria-live="polite">
          <p>{found.data.data.text}</p>
          <Steps steps={found.data.data.steps} />
        </div>
      )}
    </section>
  );
}
