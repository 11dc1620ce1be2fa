import { CircleCheck, CircleDashed, CircleDot, TriangleAlert } from "lucide-react";
import type { Violation } from "../../data/violations";
import { Button } from "../../kit/Button";
import { useZones } from "../../kit/clock";
import { formatDateMinute } from "../../time/format";
import { useWords } from "../../words/words";
import styles from "./User.module.css";

/** What was marked on this page, laid over what the list has read. */
export interface Marked {
  review: Violation["review"];
  pending: boolean;
}

interface StatusCellProps {
  row: Violation;
  marked: Marked | undefined;
  may: boolean;
  onMark: (row: Violation) => void;
  onUndo: (row: Violation) => void;
}

/** Whether somebody has looked at it: who, when and with which note; or the button that says so. */
export function StatusCell({ row, marked, may, onMark, onUndo }: StatusCellProps) {
  const { t, locale } = useWords();
  const { zone } = useZones();
  const review = marked === undefined ? row.review : marked.review;
  const open = review?.reviewed !== true;
  const outgrown = marked === undefined && open && (review !== null || row.outgrown_review != null);
  const reason = may ? undefined : t("violations.no_right");
  if (marked?.pending === true) {
    return (
      <span className={styles.status}>
        <CircleDashed size={14} aria-hidden />
        {t("user.status.pending")}
      </span>
    );
  }
  if (!open) {
    const by = review.by.name === "" ? review.by.id : review.by.name;
    const who = t("user.status.by", { who: by, at: formatDateMinute(review.at, { locale, zone }) });
    const text = review.note === "" ? who : `${review.note} · ${who}`;
    return (
      <>
        <span className={styles.status} data-status="reviewed">
          <CircleCheck size={14} aria-hidden />
          {t("user.status.reviewed")}
        </span>
        <span className={styles.by} title={text}>
          {text}
        </span>
        <span className={styles.act}>
          <Button size="small" kind="quiet" reason={reason} onPress={() => onUndo(row)}>
            {t("user.review.undo")}
          </Button>
        </span>
      </>
    );
  }
  return (
    <>
      <span className={styles.status} data-status="open">
        {outgrown ? <TriangleAlert size={14} aria-hidden /> : <CircleDot size={14} aria-hidden />}
        {t(outgrown ? "user.status.outgrown" : "user.status.unreviewed")}
      </span>
      <span className={styles.act}>
        <Button size="small" reason={reason} onPress={() => onMark(row)}>
          {t("user.review.mark")}
        </Button>
      </span>
    </>
  );
}
