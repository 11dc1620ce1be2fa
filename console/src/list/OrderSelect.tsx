import { useMe } from "../data/me";
import type { FilterField } from "../fields/list";
import { Select } from "../kit/Select";
import { useWords } from "../words/words";
import type { FilterState } from "./useFilter";
import styles from "./ListFrame.module.css";

interface OrderSelectProps {
  field: Extract<FilterField, { kind: "order" }>;
  filter: FilterState;
}

/** In which order rows stand; the first choice is the server's own and has no param. */
export function OrderSelect({ field, filter }: OrderSelectProps) {
  const { t } = useWords();
  const { permissions } = useMe();
  const choices = field.choices.filter(
    ({ permission }) => permission === undefined || permissions.some((one) => one === permission),
  );
  const [first] = choices;
  return (
    <div className={styles.order}>
      <Select
        bare
        label={t(field.label)}
        choices={choices.map(({ value, label }) => ({ id: value, label: t(label) }))}
        value={filter.applied[field.param] ?? first?.value ?? ""}
        onChange={(id) => filter.set({ [field.param]: id === first?.value ? undefined : id })}
      />
    </div>
  );
}
