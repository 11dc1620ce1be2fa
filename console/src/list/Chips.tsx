import type { Filter, FilterField } from "../fields/list";
import { splitList } from "../fields/schemas";
import { Chip } from "../kit/Chip";
import { useZones } from "../kit/clock";
import { formatPeriod, periodWords } from "../time/period";
import { useWords, type Words } from "../words/words";
import { paramsOf } from "./filter";
import { nameInChip, nameOf } from "./labels";
import styles from "./Chips.module.css";

function nextDay(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString();
}

/** A field's part of the filter in words, or nothing where it filters nothing. */
export function chipText(field: FilterField, filter: Filter, words: Words, zone: string): string | undefined {
  const { t, known, locale } = words;
  const named = (param: string, value: string) => {
    const choice = field.kind === "checks" ? field.choices.find((one) => one.value === value) : undefined;
    return choice === undefined ? nameOf(param, value) || t("list.without") : t(choice.label);
  };
  const several = (param: string) => {
    const value = filter[param];
    if (value === undefined) {
      return undefined;
    }
    const values = splitList(value);
    return values.length > nameInChip
      ? t("common.chosen", { count: values.length })
      : values.map((one) => named(param.replace("exclude_", ""), one)).join(", ");
  };
  if (field.kind === "order") {
    return undefined;
  }
  if (field.kind === "period") {
    const value = filter[field.param];
    const { from, to } = filter;
    if (value === undefined && from === undefined) {
      return undefined;
    }
    // A local date is the same day everywhere; an instant is shown by the tenant's clock.
    const local = from?.length === 10 && to?.length === 10;
    const bounds = local ? { from: `${from}T00:00:00Z`, to: nextDay(to) } : { from: from ?? null, to: to ?? null };
    const dates = formatPeriod(bounds, { locale, zone: local ? "UTC" : zone });
    return value === "custom" || value === undefined
      ? (dates ?? [from, to].filter((one) => one !== undefined).join(" – "))
      : known("time", periodWords(value).slice("time.".length));
  }
  if (field.kind === "change") {
    const [path, from, to] = paramsOf(field).map((param) => filter[param]);
    return path === undefined
      ? undefined
      : `${path}${from === undefined && to === undefined ? "" : `: ${from ?? "…"} → ${to ?? "…"}`}`;
  }
  if (field.kind === "switch") {
    return filter[field.param] === "true" ? t("common.yes") : undefined;
  }
  if (field.kind === "text") {
    return filter[field.param];
  }
  const parts = paramsOf(field).flatMap((param) => {
    const text = several(param);
    return text === undefined ? [] : [param.startsWith("exclude_") ? t("list.not", { text }) : text];
  });
  return parts.length === 0 ? undefined : parts.join("; ");
}

interface ChipsProps {
  fields: readonly FilterField[];
  filter: Filter;
  ignored: readonly [string, string][];
  locked: readonly string[];
  onRemove: (params: readonly string[]) => void;
  onIgnore: () => void;
}

/** The applied filter, one chip a field; its cross takes it away at once. */
export function Chips({ fields, filter, ignored, locked, onRemove, onIgnore }: ChipsProps) {
  const words = useWords();
  const { t } = words;
  const { tenant } = useZones();
  const chips = fields
    .filter(({ param }) => !locked.includes(param))
    .flatMap((field) => {
      const text = chipText(field, filter, words, tenant);
      return text === undefined ? [] : [{ field, text }];
    });
  if (chips.length === 0 && ignored.length === 0) {
    return null;
  }
  return (
    <ul className={styles.chips} aria-label={t("list.applied")}>
      {chips.map(({ field, text }) => (
        <li key={field.param}>
          <Chip
            label={t(field.label)}
            value={text}
            removeLabel={t("common.remove", { name: t(field.label) })}
            onRemove={() => onRemove(paramsOf(field))}
          />
        </li>
      ))}
      {ignored.map(([param, value]) => (
        <li key={param}>
          <Chip
            tone="warn"
            label={t("list.ignored")}
            value={`${param}=${value}`}
            removeLabel={t("common.remove", { name: param })}
            onRemove={onIgnore}
          />
        </li>
      ))}
    </ul>
  );
}
