import { lazy, Suspense } from "react";
import { useTenant } from "../../data/me";
import { Select } from "../../kit/Select";
import { Skeleton } from "../../kit/Skeleton";
import { periodWords, PRESETS } from "../../time/period";
import { useWords } from "../../words/words";
import type { ControlProps, Kind } from "./control";
import styles from "./controls.module.css";

const Dates = lazy(() => import("./Dates"));

/** Named periods first; own dates where the plan has them. What is outside the plan is said before anything runs. */
export function Period({ field, draft, edit, error }: ControlProps<Kind<"period">>) {
  const { t, known } = useWords();
  const { plan } = useTenant();
  const { periods = [], free_dates: free = true } = plan.features;
  const locked = t("list.period_locked", { plan: plan.plan });
  const may = (preset: string) => periods.length === 0 || periods.some((one) => one === preset);
  const word = (id: string) => {
    const key = periodWords(id === "all" ? undefined : id);
    return known("time", key.slice("time.".length));
  };
  const choices = [...(periods.length === 0 ? ["all"] : []), ...PRESETS, "custom"].map((id) => ({
    id,
    label: word(id),
    reason: (id === "custom" ? free : id === "all" || may(id)) ? undefined : locked,
  }));
  const value = draft[field.param] ?? (draft["from"] === undefined ? (periods[0] ?? "all") : "custom");
  return (
    <div className={styles.period} data-period>
      <Select
        label={t(field.label)}
        choices={choices}
        value={value}
        hint={error ?? (free ? undefined : locked)}
        onChange={(id) =>
          edit(
            id === "custom"
              ? { [field.param]: id }
              : { [field.param]: id === "all" ? undefined : id, from: undefined, to: undefined },
          )
        }
      />
      {value === "custom" ? (
        <Suspense fallback={<Skeleton rows={1} label={t("common.loading")} />}>
          <Dates
            from={draft["from"]}
            to={draft["to"]}
            onChange={(from, to) => edit({ [field.param]: "custom", from, to })}
          />
        </Suspense>
      ) : null}
    </div>
  );
}
