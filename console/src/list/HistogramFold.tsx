import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import { Histogram } from "../charts/Histogram";
import { useTenant } from "../data/me";
import { useWords } from "../words/words";
import { useSummary } from "./useFacets";
import styles from "./ListFrame.module.css";

const kept = "usertrail.histogram";

interface HistogramFoldProps {
  zone: string;
  onSelect: (from: string, to: string) => void;
}

/** Events over the whole period, not over the rows that happen to be loaded; absent where it is not known. */
export function HistogramFold({ zone, onSelect }: HistogramFoldProps) {
  const { t, locale } = useWords();
  const { plan } = useTenant();
  const [isOpen, setOpen] = useState(() => {
    const own = localStorage.getItem(kept);
    // On a narrow screen the rows come first.
    return own === null ? !window.matchMedia("(width < 640px)").matches : own !== "closed";
  });
  const { data, isError } = useSummary();
  if (isError || data?.histogram.buckets.length === 0 || data?.total.value === 0) {
    return null;
  }
  const free = plan.features.free_dates !== false;
  return (
    <div className={styles.fold}>
      <button
        type="button"
        className={styles.foldHead}
        aria-expanded={isOpen}
        onClick={() => {
          localStorage.setItem(kept, isOpen ? "closed" : "open");
          setOpen(!isOpen);
        }}
      >
        {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        {t("list.over_time")}
      </button>
      {isOpen ? (
        <div className={styles.plot}>
          {data === undefined ? (
            <div className={styles.noPlot} role="status" aria-label={t("common.loading")} />
          ) : (
            <Histogram
              {...data.histogram}
              locale={locale}
              zone={zone}
              onSelect={(from, to) => {
                if (free) {
                  onSelect(from, to);
                }
              }}
            />
          )}
        </div>
      ) : null}
    </div>
  );
}
