import { useMutation, useQueryClient } from "@tanstack/react-query";
import { asProblem } from "../../data/problem";
import { scope } from "../../data/scope";
import { type Access, takeBack } from "../../data/users";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { toast } from "../../kit/Toast";
import { AccessDialog } from "../../list/acts/AccessDialog";
import { useWords } from "../../words/words";
import type { Asked } from "./AccessCell";
import styles from "./User.module.css";

interface DeviceDialogProps {
  userId: string;
  asked: Asked;
  name: string;
  onClose: () => void;
  onDecided: (access: Access) => void;
}

/** Asks for the reason of a decision about a device, or whether it is meant to be taken back. */
export function DeviceDialog({ userId, asked, name, onClose, onDecided }: DeviceDialogProps) {
  const { t } = useWords();
  const client = useQueryClient();
  const { row, what } = asked;
  const deviceId = row.id ?? "";
  const back = useMutation({
    mutationFn: async () => takeBack(userId, deviceId),
    onSuccess: async (answer) => {
      toast({ kind: "done", text: t("user.access.done.back") });
      onDecided(answer.access);
      onClose();
      await client.invalidateQueries({ queryKey: ["users", scope.tenant, userId, "access"] });
    },
  });
  if (what !== "back") {
    return (
      <AccessDialog
        target={{ userId, deviceId, device: name, confidence: row.confidence }}
        access={what}
        onClose={onClose}
        onDone={onDecided}
      />
    );
  }
  return (
    <Dialog
      isOpen
      title={t("user.access.take_back")}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" isPending={back.isPending} onPress={() => back.mutate()}>
            {t("user.access.take_back")}
          </Button>
        </>
      }
    >
      <p>{name}</p>
      <p className="muted">{t("user.access.back_text")}</p>
      {back.error === null ? null : (
        <p className={styles.error} role="alert">
          {asProblem(back.error).message}
        </p>
      )}
    </Dialog>
  );
}
