import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sendTest } from "../../data/setup";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/CopyButton";
import { LinkButton } from "../../kit/LinkButton";
import { Segments } from "../../kit/Segments";
import { Time } from "../../kit/Time";
import { useWords } from "../../words/words";
import { EXAMPLE, snippet, type Tongue, TONGUE_NAMES, TONGUES } from "./snippets";
import { Waiting } from "./Waiting";
import styles from "./Setup.module.css";

interface EventStepProps {
  secret: string | undefined;
  received: string | null | undefined;
  waiting: boolean;
  since: number;
}

/** What a developer pastes, and whether it has arrived. */
export function EventStep({ secret, received, waiting, since }: EventStepProps) {
  const { t } = useWords();
  const [tongue, setTongue] = useState<Tongue>("curl");
  const test = useMutation({
    mutationFn: async (key: string) => sendTest(key, { ...EXAMPLE, occurred_at: new Date().toISOString() }),
  });
  const text = snippet(tongue, window.location.origin, secret);
  const arrived = received !== null && received !== undefined;
  return (
    <>
      <p className="muted">
        {arrived ? (
          <>
            {t("setup.event.done")} <Time at={received} show="relative" />
          </>
        ) : (
          t("setup.event.text")
        )}
      </p>
      <div className={styles.snippet}>
        <div className={styles.snippetHead}>
          <Segments
            bare
            label={t("setup.event.tongue")}
            value={tongue}
            onChange={(id) => setTongue(TONGUES.find((known) => known === id) ?? "curl")}
            choices={TONGUES.map((id) => ({ id, label: TONGUE_NAMES[id] }))}
          />
          <CopyButton text={text} label={t("setup.event.copy")} />
        </div>
        {/* Long lines are scrolled to by keyboard as well. */}
        {/* oxlint-disable-next-line no-noninteractive-tabindex */}
        <pre className={styles.code} tabIndex={0} aria-label={TONGUE_NAMES[tongue]}>
          <code>{text}</code>
        </pre>
      </div>
      {secret === undefined ? <p className={styles.hint}>{t("setup.event.no_key")}</p> : null}
      <div className={styles.row}>
        <Button
          kind={secret === undefined || arrived ? "plain" : "primary"}
          isPending={test.isPending}
          reason={secret === undefined ? t("setup.event.test_reason") : undefined}
          onPress={() => {
            if (secret !== undefined) {
              test.mutate(secret);
            }
          }}
        >
          {t("setup.event.test")}
        </Button>
        {arrived ? <LinkButton href="/events">{t("setup.event.open")}</LinkButton> : null}
        {waiting && !arrived ? <Waiting since={since} /> : null}
      </div>
      <div aria-live="polite">
        {test.data === undefined ? null : test.data.accepted ? (
          <p className={styles.good}>{t("setup.event.test_sent")}</p>
        ) : (
          <p className={styles.error}>{t("setup.event.test_refused", { detail: test.data.detail })}</p>
        )}
      </div>
    </>
  );
}
