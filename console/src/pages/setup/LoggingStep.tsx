import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { me } from "../../data/me";
import { asProblem } from "../../data/problem";
import { logging, turnOnLogging } from "../../data/setup";
import { Button } from "../../kit/Button";
import { Select } from "../../kit/Select";
import { toast } from "../../kit/Toast";
import { useWords } from "../../words/words";
import styles from "./Setup.module.css";

const DAYS = [30, 90, 180, 365, 730];

/** Recording is switched on after it was said for how long events are kept. */
export function LoggingStep({ on, may }: { on: boolean; may: boolean }) {
  const { t } = useWords();
  const client = useQueryClient();
  const [days, setDays] = useState("90");
  const turnOn = useMutation({
    mutationFn: async () => turnOnLogging(Number(days)),
    onSuccess: async (answer) => {
      client.setQueryData(logging().queryKey, answer);
      toast({ kind: "done", text: t("setup.logging.turned_on") });
      await client.invalidateQueries({ queryKey: me().queryKey });
    },
  });
  if (on) {
    return <p className="muted">{t("setup.logging.done")}</p>;
  }
  return (
    <>
      <p className="muted">{t("setup.logging.text")}</p>
      <div className={styles.row}>
        <div className={styles.wide}>
          <Select
            label={t("setup.logging.keep")}
            value={days}
            onChange={setDays}
            choices={DAYS.map((count) => ({ id: String(count), label: t("setup.logging.days", { days: count }) }))}
          />
        </div>
        <Button
          kind="primary"
          isPending={turnOn.isPending}
          reason={may ? undefined : t("setup.no_right")}
          onPress={() => turnOn.mutate()}
        >
          {t("setup.logging.turn_on")}
        </Button>
      </div>
      {turnOn.error === null ? null : (
        <p className={styles.error} role="alert">
          {asProblem(turnOn.error).message}
        </p>
      )}
    </>
  );
}
