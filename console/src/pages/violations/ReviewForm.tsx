import { CircleCheck, CircleDashed, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";
import type { Violation } from "../../data/violations";
import { Button } from "../../kit/Button";
import { useZones } from "../../kit/clock";
import { TextField } from "../../kit/TextField";
import { useShortcut } from "../../keys/useShortcut";
import { formatDateMinute } from "../../time/format";
import { useWords } from "../../words/words";
import { reviewOf } from "./said";
import { isUnreviewed } from "./triage";
import type { Said } from "./useReviews";
import styles from "./Detail.module.css";

interface ReviewFormProps {
  row: Violation;
  said: Said | undefined;
  may: boolean;
  onReview: (row: Violation, note: string) => Promise<boolean>;
}

/** Who looked at it and what they found; or where that is said. */
export function ReviewForm({ row, said, may, onReview }: ReviewFormProps) {
  const { t, locale } = useWords();
  const { zone } = useZones();
  const review = reviewOf(row, said);
  const open = isUnreviewed({ review });
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const run = async () => {
    setBusy(true);
    if (await onReview(row, note.trim())) {
      setNote("");
    }
    setBusy(false);
  };
  useShortcut(
    "apply",
    () => (form.current?.contains(document.activeElement) === true ? void run() : false),
    may && open,
  );
  const outgrown = said === undefined ? (row.outgrown_review ?? (open ? review : null)) : null;
  const values = (of: NonNullable<Violation["review"]>) => ({
    who: of.by.name === "" ? of.by.id : of.by.name,
    at: formatDateMinute(of.at, { locale, zone }),
  });
  if (!open && review !== null) {
    return (
      <div className={styles.reviewed}>
        {said?.pending === true ? <CircleDashed size={16} aria-hidden /> : <CircleCheck size={16} aria-hidden />}
        <div>
          <p>{t("violations.reviewed_by", values(review))}</p>
          {review.note === "" ? null : <p className={styles.note}>{review.note}</p>}
          <p className={styles.hint}>{t(said?.pending === true ? "violations.pending" : "violations.mark_line")}</p>
        </div>
      </div>
    );
  }
  return (
    <form
      ref={form}
      className={styles.form}
      data-note
      data-of={row.id}
      onSubmit={(event) => {
        event.preventDefault();
        if (may) {
          void run();
        }
      }}
    >
      {outgrown === null || outgrown === undefined ? null : (
        <p className={styles.outgrown}>
          <TriangleAlert size={14} aria-hidden />
          {t("violations.outgrown", values(outgrown))}
          {outgrown.note === "" ? null : <span className={styles.note}>{outgrown.note}</span>}
        </p>
      )}
      <TextField
        label={t("violations.note")}
        placeholder={t("violations.note_hint")}
        value={note}
        onChange={setNote}
        lines={2}
        maxLength={1000}
        isDisabled={!may}
      />
      <div className={styles.formFoot}>
        <p className={styles.hint}>{t("violations.mark_line")}</p>
        <Button type="submit" kind="primary" isPending={busy} reason={may ? undefined : t("violations.no_right")}>
          {t("violations.review_next")}
        </Button>
      </div>
    </form>
  );
}
