import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMe, useTenant } from "../../data/me";
import { anyUser } from "../../data/users";
import { ingestStatus, keys, logging, type NewKey } from "../../data/setup";
import { LinkButton } from "../../kit/LinkButton";
import { PageHead } from "../../kit/PageHead";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { EventStep } from "./EventStep";
import { KeyStep } from "./KeyStep";
import { LoggingStep } from "./LoggingStep";
import { Refusals } from "./Refusals";
import { StepItem } from "./StepItem";
import { type Known, pollAfter, STEPS, standings, waiting } from "./steps";
import { UserStep } from "./UserStep";
import styles from "./Setup.module.css";

/** From nothing to the first event in the log; it turns by itself as things arrive, as long as somebody looks. */
export default function SetupPage() {
  const { t } = useWords();
  const tenant = useTenant();
  const may = useMe().permissions.includes("administer");
  const [begun] = useState(() => Date.now());
  const [made, setMade] = useState<NewKey | null>(null);

  const recording = useQuery({ ...logging(), enabled: may });
  const sending = useQuery({ ...keys(tenant.id), enabled: may });
  const poll = (left: boolean) => (left ? pollAfter(Date.now() - begun) : false);
  const status = useQuery({
    ...ingestStatus(),
    enabled: may,
    refetchInterval: ({ state }) => poll(state.data?.last_received === null),
  });
  const received = status.data?.last_received;
  const users = useQuery({
    ...anyUser(),
    // Each look is on record, so nobody is looked for before there can be anybody.
    enabled: received !== null && received !== undefined,
    refetchInterval: ({ state }) => poll(state.data?.data.length === 0),
  });
  const senders = sending.data?.data.filter((key) => key.revoked_at === null && key.role === "ingest") ?? [];
  const known: Known = {
    logging: recording.data?.enabled ?? tenant.logging,
    keys: sending.data === undefined ? undefined : Math.max(senders.length, made === null ? 0 : 1),
    lastReceived: received,
    users: users.data === undefined ? (received === null ? false : undefined) : users.data.data.length > 0,
  };
  const standing = standings(known);
  const done = STEPS.filter((step) => standing[step] === "done").length;
  return (
    <div className={styles.page}>
      <PageHead
        title={t("setup.title")}
        meta={t(done === STEPS.length ? "setup.all_done_text" : "setup.lead")}
        actions={<LinkButton href={paths.events()}>{t("setup.skip")}</LinkButton>}
      />
      <div className={styles.main}>
        <div className={styles.progress} aria-live="polite">
          <span className={styles.track} aria-hidden>
            {STEPS.map((step) => (
              <span key={step} className={standing[step] === "done" ? styles.filled : styles.hollow} />
            ))}
          </span>
          <span>{t("setup.progress", { done, all: STEPS.length })}</span>
        </div>
        <ol className={styles.steps} aria-label={t("setup.steps")}>
          <StepItem step="logging" standing={standing.logging}>
            <LoggingStep on={known.logging === true} may={may} />
          </StepItem>
          <StepItem step="key" standing={standing.key}>
            <KeyStep tenant={tenant.id} count={known.keys ?? 0} made={made} onMade={setMade} may={may} />
          </StepItem>
          <StepItem step="event" standing={standing.event}>
            <EventStep secret={made?.secret} received={received} waiting={waiting(known)} since={begun} />
            {status.data === undefined ? null : <Refusals status={status.data} keys={sending.data?.data ?? []} />}
          </StepItem>
          <StepItem step="user" standing={standing.user}>
            <UserStep user={users.data?.data[0]} />
          </StepItem>
        </ol>
      </div>
    </div>
  );
}
