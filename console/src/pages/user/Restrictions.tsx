import { Info } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useMay } from "../../data/me";
import type { Violation, ViolationPage } from "../../data/violations";
import { type ViolationCells, violationFields } from "../../fields/violations";
import { PlaceLicence } from "../../kit/PlaceLicence";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { ReviewDialog } from "./ReviewDialog";
import { type Marked, StatusCell } from "./StatusCell";
import { useReadPage } from "./reading";
import { useUndo } from "./useUndo";
import styles from "./User.module.css";

function cellsOf(
  marked: ReadonlyMap<string, Marked>,
  may: boolean,
  onMark: (row: Violation) => void,
  onUndo: (row: Violation) => void,
): ViolationCells {
  return {
    status: (row) => <StatusCell row={row} marked={marked.get(row.id)} may={may} onMark={onMark} onUndo={onUndo} />,
  };
}

/** Each breach with the restriction in force, and whether somebody has looked at it. */
export function Restrictions({ id }: { id: string }) {
  const { t } = useWords();
  const may = useMay("manage_access");
  const path = `/v1/users/${encodeURIComponent(id)}/violations`;
  const read = useReadPage<Violation, ViolationPage>(path);
  const [asked, setAsked] = useState<Violation | null>(null);
  const [marked, setMarked] = useState<ReadonlyMap<string, Marked>>(new Map());
  const mark = useCallback((of: string, what: Marked) => setMarked((before) => new Map([...before, [of, what]])), []);
  const undo = useUndo(id, mark);
  const fields = useMemo(() => violationFields(cellsOf(marked, may, setAsked, undo)), [marked, may, undo]);
  return (
    <>
      <ListFrame
        bare
        hasOrder
        fields={fields}
        title={t("user.sub.restrictions")}
        path={path}
        read={read}
        hrefOf={(row) => paths.violation(row.id)}
        banner={
          <p className={styles.banner}>
            <Info size={14} aria-hidden />
            <span className={styles.bannerText}>{t("user.review.note_line")}</span>
            <PlaceLicence />
          </p>
        }
        nothing={{ title: t("user.restrictions_empty"), text: t("user.restrictions_empty_text") }}
      />
      {asked === null ? null : (
        <ReviewDialog userId={id} row={asked} onClose={() => setAsked(null)} onMarked={mark} onUndo={undo} />
      )}
    </>
  );
}
