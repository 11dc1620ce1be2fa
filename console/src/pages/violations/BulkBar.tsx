import { useState } from "react";
import type { Reviews, ViolationSummary } from "../../data/violations";
import { Button } from "../../kit/Button";
import { useWords } from "../../words/words";
import { BulkDialog } from "./BulkDialog";
import { CONFIRM_FROM, IDS_AT_MOST, type Selection } from "./triage";
import styles from "./Violations.module.css";

interface BulkBarProps {
  selection: Selection;
  /** All that match the filter are chosen, read or not. */
  matching: boolean;
  total: ViolationSummary["total"] | undefined;
  filter: Record<string, string>;
  may: boolean;
  onMatching: (matching: boolean) => void;
  onClear: () => void;
  onReview: (body: Reviews) => Promise<boolean>;
}

/** What can be done with all that is chosen. It is there only while something is. */
export function BulkBar({ selection, matching, total, filter, may, onMatching, onClear, onReview }: BulkBarProps) {
  const { t } = useWords();
  const [asking, setAsking] = useState<string | null>(null);
  const count = matching ? (total?.value ?? 0) : selection.ids.size;
  if (count === 0) {
    return null;
  }
  const tooMany = !matching && count > IDS_AT_MOST;
  const run = async (note: string, until: string) => {
    const body: Reviews = matching ? { filter, until, note } : { ids: [...selection.ids], note };
    const done = await onReview(body);
    if (done) {
      onClear();
    }
    return done;
  };
  // What arrives while somebody makes up their mind was not meant.
  const begin = () => {
    const until = new Date().toISOString();
    if (count >= CONFIRM_FROM || matching) {
      setAsking(until);
    } else {
      void run("", until);
    }
  };
  const reason = may
    ? tooMany
      ? t("violations.bulk_too_many", { most: IDS_AT_MOST })
      : undefined
    : t("violations.no_right");
  return (
    <div className={styles.bulk}>
      <output className="number">{t(matching ? "violations.all_chosen" : "violations.chosen", { count })}</output>
      {!matching && total !== undefined && total.exact && total.value > selection.ids.size ? (
        <Button size="small" kind="quiet" onPress={() => onMatching(true)}>
          {t("violations.all_matching", { count: total.value })}
        </Button>
      ) : null}
      <span className={styles.bulkActs}>
        <Button size="small" kind="quiet" onPress={onClear}>
          {t("violations.clear")}
        </Button>
        <Button size="small" kind="primary" reason={reason} onPress={begin}>
          {t("violations.bulk_review")}
        </Button>
      </span>
      {asking === null ? null : (
        <BulkDialog count={count} onClose={() => setAsking(null)} onReview={async (note) => run(note, asking)} />
      )}
    </div>
  );
}
