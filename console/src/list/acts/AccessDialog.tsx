import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Access, decide } from "../../data/users";
import { asProblem } from "../../data/problem";
import { scope } from "../../data/scope";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { Segments } from "../../kit/Segments";
import { TextField } from "../../kit/TextField";
import { toast } from "../../kit/Toast";
import { useWords } from "../../words/words";
import styles from "./Acts.module.css";

export interface AccessTarget {
  userId: string;
  deviceId: string;
  /** What the device is called. */
  device: string;
  /** How sure its id is. */
  confidence?: string | null | undefined;
}

interface AccessDialogProps {
  target: AccessTarget;
  /** What is proposed. */
  access: Access;
  onClose: () => void;
  onDone?: (access: Access) => void;
}

const CHOICES = ["allow", "block", "ask"] as const;

/** Whether a device may in: what is decided, and why. */
export function AccessDialog({ target, access, onClose, onDone }: AccessDialogProps) {
  const { t } = useWords();
  const client = useQueryClient();
  const [choice, setChoice] = useState<Access>(access);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const missing = choice === "block" && reason.trim() === "";
  const save = useMutation({
    mutationFn: async () => decide(target.userId, target.deviceId, { access: choice, reason: reason.trim() }),
    onSuccess: async () => {
      toast({ kind: "done", text: t(`user.access.done.${choice}`, { device: target.device }) });
      onDone?.(choice);
      onClose();
      await client.invalidateQueries({ queryKey: ["users", scope.tenant, target.userId, "access"] });
    },
  });
  const submit = () => {
    setTried(true);
    if (!missing) {
      save.mutate();
    }
  };
  return (
    <Dialog
      isOpen
      alert
      title={t("user.access.change_of", { device: target.device })}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button kind={choice === "block" ? "danger" : "primary"} isPending={save.isPending} onPress={submit}>
            {t(`user.access.do.${choice}`)}
          </Button>
        </>
      }
    >
      <p className="muted">{t("user.access.text")}</p>
      <Segments
        label={t("user.access")}
        value={choice}
        onChange={(id) => setChoice(CHOICES.find((known) => known === id) ?? access)}
        choices={CHOICES.map((id) => ({ id, label: t(`user.access.do.${id}`) }))}
      />
      {choice === "block" && target.confidence !== "high" ? (
        <p className={styles.warn}>{t("user.access.unsure")}</p>
      ) : null}
      <TextField
        label={t("user.access.reason")}
        value={reason}
        onChange={setReason}
        lines={2}
        maxLength={1000}
        isRequired={choice === "block"}
        error={tried && missing ? t("user.access.reason_missing") : undefined}
      />
      {save.error === null ? null : (
        <p className={styles.error} role="alert">
          {asProblem(save.error).message}
        </p>
      )}
    </Dialog>
  );
}
