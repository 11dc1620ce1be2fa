import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useMe } from "../../data/me";
import { exempt, exemption } from "../../data/users";
import { asProblem } from "../../data/problem";
import { Button } from "../../kit/Button";
import { Checkbox } from "../../kit/Checkbox";
import { Dialog } from "../../kit/Dialog";
import { Select } from "../../kit/Select";
import { TextField } from "../../kit/TextField";
import { toast } from "../../kit/Toast";
import { useWords } from "../../words/words";
import styles from "./Acts.module.css";

const DAYS = [1, 7, 30, 90];
const NEVER = "never";
const DAY = 86_400_000;

interface ChecksDialogProps {
  user: { id: string; name: string };
  onClose: () => void;
}

/** Switches the checks off for a user: who answers for it, why, and until when. */
export function ChecksDialog({ user, onClose }: ChecksDialogProps) {
  const { t } = useWords();
  const { who } = useMe();
  const client = useQueryClient();
  const [owner, setOwner] = useState(who.name === "" ? who.id : who.name);
  const [reason, setReason] = useState("");
  const [days, setDays] = useState("7");
  const [decisions, setDecisions] = useState(false);
  const [tried, setTried] = useState(false);
  const missing = reason.trim() === "";
  const save = useMutation({
    mutationFn: async () =>
      exempt(user.id, {
        owner: owner.trim(),
        reason: reason.trim(),
        expires_at: days === NEVER ? null : new Date(Date.now() + Number(days) * DAY).toISOString(),
        end_rule_decisions: decisions,
      }),
    onSuccess: (answer) => {
      client.setQueryData(exemption(user.id).queryKey, answer);
      toast({ kind: "done", text: t("user.checks.switched_off", { name: user.name }) });
      onClose();
    },
  });
  const submit = () => {
    setTried(true);
    if (!missing && owner.trim() !== "") {
      save.mutate();
    }
  };
  return (
    <Dialog
      isOpen
      alert
      title={t("user.checks.turn_off_of", { name: user.name })}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" isPending={save.isPending} onPress={submit}>
            {t("user.checks.turn_off")}
          </Button>
        </>
      }
    >
      <p className="muted">{t("user.checks.turn_off_text")}</p>
      <TextField
        label={t("user.checks.reason")}
        value={reason}
        onChange={setReason}
        lines={2}
        maxLength={1000}
        isRequired
        error={tried && missing ? t("user.checks.reason_missing") : undefined}
      />
      <div className={styles.pair}>
        <TextField label={t("user.checks.owner")} value={owner} onChange={setOwner} maxLength={256} isRequired />
        <Select
          label={t("user.checks.expiry")}
          value={days}
          onChange={setDays}
          choices={[
            ...DAYS.map((count) => ({ id: String(count), label: t("user.checks.days", { count }) })),
            { id: NEVER, label: t("user.checks.never") },
          ]}
        />
      </div>
      <Checkbox isSelected={decisions} onChange={setDecisions}>
        {t("user.checks.end_decisions")}
      </Checkbox>
      {save.error === null ? null : (
        <p className={styles.error} role="alert">
          {asProblem(save.error).message}
        </p>
      )}
    </Dialog>
  );
}
