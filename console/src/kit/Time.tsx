import { Focusable } from "react-aria-components/Focusable";
import { formatDate, formatDateTime, formatInColumn, formatInZones, formatRelative } from "../time/format";
import { useWords } from "../words/words";
import { useZones } from "./clock";
import { Tooltip } from "./Tooltip";

interface TimeProps {
  at: string;
  /** `relative` is for "last activity" alone: what support is asked for is the absolute time. */
  show?: "full" | "column" | "date" | "relative";
  /** Within a list each row has one already; there, the time is no stop of its own. */
  stop?: boolean;
}

/** A time in the chosen zone; on hover and focus in the tenant's, the reader's and UTC, with their offsets. */
export function Time({ at, show = "full", stop = true }: TimeProps) {
  const { locale } = useWords();
  const { zone, tenant, own } = useZones();
  const clock = { locale, zone };
  const lines = () => formatInZones(at, locale, [tenant, own, "UTC"]).join("\n");
  const text =
    show === "relative"
      ? formatRelative(at, new Date(), locale)
      : show === "date"
        ? formatDate(at, clock)
        : show === "column"
          ? formatInColumn(at, clock)
          : formatDateTime(at, clock);
  if (!stop) {
    return (
      <time
        dateTime={at}
        className="number"
        // Made when it is pointed at: a table has one in each row.
        onPointerEnter={({ currentTarget }) => {
          currentTarget.title = lines();
        }}
      >
        {text}
      </time>
    );
  }
  return (
    <Tooltip text={lines()}>
      <Focusable>
        <time dateTime={at} className="number" role="note" aria-label={text}>
          {text}
        </time>
      </Focusable>
    </Tooltip>
  );
}
