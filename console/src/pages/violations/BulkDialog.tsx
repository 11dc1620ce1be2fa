import { useState } from "react";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { TextField } from "../../kit/TextField";
import { useWords } from "../../words/words";
import { UNDO_UP_TO } from "./triage";

interface BulkDialogProps {
  count: number;
  onClose: () => void;
  onReview: (note: string) => Promise<boolean>;
}

/** Asks whether so many are meant, and for the note that all of them get. */
export function BulkDialog({ count, onClose, onReview }: BulkDialogProps) {
  const { t } = useWords();
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    if (await onReview(note.trim())) {
      onClose();
    }
    setBusy(false);
  };
  return (
    <Dialog
      isOpen
      alert
      title={t("violations.bulk_title", { count })}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" isPending={busy} onPress={() => void run()}>
            {t("violations.review")}
          </Button>
        </>
      }
    >
      <p className="muted">{t("violations.bulk_text")}</p>
      {count > UNDO_UP_TO ? <p>{t("violations.bulk_no_undo", { most: UNDO_UP_TO })}</p> : null}
      <TextField
        label={t("violations.note")}
        hint={t("violations.note_hint")}
        value={note}
        onChange={setNote}
        lines={3}
        maxLength={1000}
      />
    </Dialog>
  );
}
