import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "../../data/me";
import { asProblem } from "../../data/problem";
import { endExemption, exemption } from "../../data/users";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { Switch } from "../../kit/Switch";
import { toast } from "../../kit/Toast";
import { ChecksDialog } from "../../list/acts/ChecksDialog";
import { useWords } from "../../words/words";
import styles from "./User.module.css";

/** The switch that turns the checks off for one person. */
export default function Checks({ user }: { user: { id: string; name: string } }) {
  const { t } = useWords();
  const may = useMay("manage_access");
  const client = useQueryClient();
  const query = useQuery(exemption(user.id));
  const [asking, setAsking] = useState<"off" | "on" | null>(null);
  const end = useMutation({
    mutationFn: async () => endExemption(user.id),
    onSuccess: (answer) => {
      client.setQueryData(exemption(user.id).queryKey, answer);
      toast({ kind: "done", text: t("user.checks.switched_on", { name: user.name }) });
      setAsking(null);
    },
  });
  if (query.data === undefined) {
    return null;
  }
  const off = query.data?.holds === true;
  return (
    <div className={styles.checks}>
      <Switch
        isSelected={!off}
        isDisabled={!may}
        aria-label={t("user.checks")}
        onChange={() => setAsking(off ? "on" : "off")}
      >
        {t(off ? "user.checks.off" : "user.checks.on")}
      </Switch>
      {may ? null : <span className={styles.hint}>{t("user.checks.no_right")}</span>}
      {asking === "off" ? <ChecksDialog user={user} onClose={() => setAsking(null)} /> : null}
      {asking === "on" ? (
        <Dialog
          isOpen
          title={t("user.checks.turn_on")}
          onClose={() => setAsking(null)}
          actions={
            <>
              <Button onPress={() => setAsking(null)}>{t("common.cancel")}</Button>
              <Button kind="primary" isPending={end.isPending} onPress={() => end.mutate()}>
                {t("user.checks.turn_on")}
              </Button>
            </>
          }
        >
          <p>{t("user.checks.turn_on_text", { name: user.name })}</p>
          {end.error === null ? null : (
            <p className={styles.error} role="alert">
              {asProblem(end.error).message}
            </p>
          )}
        </Dialog>
      ) : null}
    </div>
  );
}
