import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { me, useMe } from "../../data/me";
import { asProblem } from "../../data/problem";
import { user } from "../../data/users";
import { review, type Violation } from "../../data/violations";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { TextField } from "../../kit/TextField";
import { toast } from "../../kit/Toast";
import { useWords } from "../../words/words";
import type { Marked } from "./StatusCell";
import styles from "./User.module.css";

interface ReviewDialogProps {
  userId: string;
  row: Violation;
  onClose: () => void;
  onMarked: (id: string, marked: Marked) => void;
  onUndo: (row: Violation) => void;
}

/** Marks a violation as looked at, with what was found out. */
export function ReviewDialog({ userId, row, onClose, onMarked, onUndo }: ReviewDialogProps) {
  const { t } = useWords();
  const { who } = useMe();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const save = useMutation({
    mutationFn: async () => review(row.id, note.trim(), row.count),
    onSuccess: async (answer) => {
      const own = { at: new Date().toISOString(), by: who, count: row.count, note: note.trim(), reviewed: true };
      onMarked(row.id, { review: answer.applied ? answer.data.review : own, pending: !answer.applied });
      toast({
        kind: "done",
        text: t("user.review.done"),
        action: { label: t("violations.undo"), run: () => onUndo(row) },
      });
      onClose();
      await client.invalidateQueries({ queryKey: user(userId).queryKey, exact: true });
      await client.invalidateQueries({ queryKey: me().queryKey });
    },
  });
  return (
    <Dialog
      isOpen
      title={t("user.review.of", { title: row.title })}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" isPending={save.isPending} onPress={() => save.mutate()}>
            {t("user.review.mark")}
          </Button>
        </>
      }
    >
      <p className="muted">{t("user.review.note_line")}</p>
      <TextField
        label={t("user.review.note")}
        hint={t("user.review.note_hint")}
        value={note}
        onChange={setNote}
        lines={3}
        maxLength={1000}
      />
      {save.error === null ? null : (
        <p className={styles.error} role="alert">
          {asProblem(save.error).message}
        </p>
      )}
    </Dialog>
  );
}
