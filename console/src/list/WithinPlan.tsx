import { useTenant } from "../data/me";
import { Button } from "../kit/Button";
import { useZones } from "../kit/clock";
import { formatPeriod, periodWords } from "../time/period";
import { useWords } from "../words/words";
import { allowedPeriod } from "./filter";
import type { FilterState } from "./useFilter";

/** A link from somebody whose plan reaches farther: the nearest period that this one has. */
export function WithinPlan({ filter }: { filter: FilterState }) {
  const { t, known, locale } = useWords();
  const { plan } = useTenant();
  const { tenant: zone } = useZones();
  const { free_dates: free = true, periods = [] } = plan.features;
  const next = allowedPeriod(filter.applied, { free, named: periods, from: plan.look_back_from });
  if (next === undefined) {
    return null;
  }
  const { period, from = null, to = null } = next;
  const dates = from === null || to === null ? null : formatPeriod({ from, to: `${to}T23:59:59Z` }, { locale, zone });
  const words = dates ?? known("time", periodWords(period).slice("time.".length));
  return (
    <Button kind="primary" onPress={() => filter.set({ from: undefined, to: undefined, ...next })}>
      {t("list.widen", { period: words })}
    </Button>
  );
}
