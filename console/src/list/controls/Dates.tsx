import { parseAbsolute, parseDate } from "@internationalized/date";
import { useTenant } from "../../data/me";
import { DateRange } from "../../kit/DateRange";
import { useWords } from "../../words/words";

interface DatesProps {
  from: string | undefined;
  to: string | undefined;
  onChange: (from: string, to: string) => void;
}

/** The local day of a date or an instant, in the tenant's zone: it decides what a day is. */
function dayOf(text: string | undefined, zone: string, outside: boolean) {
  if (text === undefined) {
    return undefined;
  }
  if (text.length === 10) {
    return parseDate(text);
  }
  const at = outside ? new Date(Date.parse(text) - 1).toISOString() : new Date(text).toISOString();
  const { year, month, day } = parseAbsolute(at, zone);
  return parseDate([year, String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-"));
}

/** Own dates, whole days of the tenant; loaded when somebody wants them. */
export default function Dates({ from, to, onChange }: DatesProps) {
  const { t } = useWords();
  const { time_zone: zone, week_start: week, look_back_from: earliest } = useTenant();
  const start = dayOf(from, zone, false);
  const end = dayOf(to, zone, true);
  const least = dayOf(earliest ?? undefined, zone, false);
  return (
    <DateRange
      label={t("list.dates")}
      firstDay={week}
      {...(least === undefined ? {} : { least })}
      value={start === undefined || end === undefined ? null : { start, end }}
      onChange={({ start: first, end: last }) => onChange(first.toString(), last.toString())}
    />
  );
}
