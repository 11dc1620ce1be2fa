import { SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { useTenant } from "../data/me";
import type { FilterField } from "../fields/list";
import { Button } from "../kit/Button";
import { EmptyState } from "../kit/EmptyState";
import { useZones } from "../kit/clock";
import { periodWords, widerPeriod } from "../time/period";
import { useWords } from "../words/words";
import { chipText } from "./Chips";
import { paramsOf } from "./filter";
import type { FilterState } from "./useFilter";

interface EmptyListProps {
  fields: readonly FilterField[];
  filter: FilterState;
  lockedParams: readonly string[];
  onRetry: () => void;
  /** What is said where no filter is to blame. */
  nothing?: { title: string; text: string } | undefined;
  children?: ReactNode;
}

/** Nothing matches: says by which filter and period, and offers less of it. */
export function EmptyList({ fields, filter, lockedParams, onRetry, nothing, children }: EmptyListProps) {
  const words = useWords();
  const { t, known } = words;
  const { tenant } = useZones();
  const { plan } = useTenant();
  const chips = fields
    .filter(({ param }) => !lockedParams.includes(param))
    .flatMap((field) => {
      const text = chipText(field, filter.applied, words, tenant);
      return text === undefined ? [] : [{ field, text }];
    });
  const own = chips.filter(({ field }) => field.kind !== "period");
  const wider = widerPeriod(filter.applied["period"]);
  const { periods = [] } = plan.features;
  const mayWiden = wider !== undefined && (periods.length === 0 || periods.some((one) => one === wider));
  const hasPeriod = ["period", "from", "to"].some((param) => filter.applied[param] !== undefined);
  const mayHaveAll = hasPeriod && !mayWiden && periods.length === 0 && plan.look_back_from === null;
  const last = own.at(-1);
  const text = chips.map(({ field, text: value }) => `${t(field.label)}: ${value}`).join(" · ");
  return (
    <EmptyState
      title={chips.length === 0 ? (nothing?.title ?? t("list.empty")) : t("list.empty_filtered")}
      text={chips.length === 0 ? nothing?.text : text}
      icon={<SearchX size={20} aria-hidden />}
    >
      {mayWiden ? (
        <Button kind="primary" onPress={() => filter.set({ period: wider })}>
          {t("list.widen", { period: known("time", periodWords(wider).slice("time.".length)) })}
        </Button>
      ) : null}
      {mayHaveAll ? (
        <Button kind="primary" onPress={() => filter.set({ period: undefined, from: undefined, to: undefined })}>
          {t("list.widen", { period: t("time.all_time") })}
        </Button>
      ) : null}
      {last === undefined ? null : (
        <Button onPress={() => filter.set(Object.fromEntries(paramsOf(last.field).map((param) => [param, undefined])))}>
          {t("list.without_filter", { name: t(last.field.label) })}
        </Button>
      )}
      {chips.length === 0 ? children : null}
      <Button kind="quiet" onPress={onRetry}>
        {t("list.reload")}
      </Button>
    </EmptyState>
  );
}
