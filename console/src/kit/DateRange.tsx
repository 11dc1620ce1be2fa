import type { CalendarDate } from "@internationalized/date";
import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { CalendarCell, CalendarGrid, RangeCalendar } from "react-aria-components/RangeCalendar";
import { DateInput, DateSegment } from "react-aria-components/DateField";
import { DateRangePicker } from "react-aria-components/DateRangePicker";
import { Dialog } from "react-aria-components/Dialog";
import { Group } from "react-aria-components/Group";
import { Heading } from "react-aria-components/Heading";
import { Label } from "react-aria-components/Label";
import { Popover } from "react-aria-components/Popover";
import field from "./Field.module.css";
import overlay from "./Overlay.module.css";
import styles from "./DateRange.module.css";

interface DateRangeProps {
  label: string;
  value: { start: CalendarDate; end: CalendarDate } | null;
  onChange: (value: { start: CalendarDate; end: CalendarDate }) => void;
  least?: CalendarDate;
  firstDay: "monday" | "sunday" | "saturday";
}

const days = { monday: "mon", sunday: "sun", saturday: "sat" } as const;

/** Two days, typed or picked in a calendar that begins its weeks as the tenant does. */
export function DateRange({ label, value, onChange, least, firstDay }: DateRangeProps) {
  return (
    <DateRangePicker
      className={field.field ?? ""}
      value={value}
      onChange={(range) => {
        if (range !== null) {
          onChange(range);
        }
      }}
      firstDayOfWeek={days[firstDay]}
      shouldForceLeadingZeros
      {...(least === undefined ? {} : { minValue: least })}
    >
      <Label className={field.label ?? ""}>{label}</Label>
      <Group className={`${field.control} ${styles.group}`}>
        <DateInput slot="start" className={styles.input ?? ""}>
          {(segment) => <DateSegment segment={segment} className={styles.segment ?? ""} />}
        </DateInput>
        <span aria-hidden>{"–"}</span>
        <DateInput slot="end" className={styles.input ?? ""}>
          {(segment) => <DateSegment segment={segment} className={styles.segment ?? ""} />}
        </DateInput>
        <Button className={styles.open ?? ""}>
          <CalendarDays size={14} aria-hidden />
        </Button>
      </Group>
      <Popover className={overlay.popover ?? ""} offset={4}>
        <Dialog className={styles.dialog ?? ""}>
          <RangeCalendar>
            <header className={styles.head}>
              <Button slot="previous" className={styles.step ?? ""}>
                <ChevronLeft size={16} aria-hidden />
              </Button>
              <Heading className={styles.month ?? ""} />
              <Button slot="next" className={styles.step ?? ""}>
                <ChevronRight size={16} aria-hidden />
              </Button>
            </header>
            <CalendarGrid className={styles.grid ?? ""}>
              {(date) => <CalendarCell date={date} className={styles.day ?? ""} />}
            </CalendarGrid>
          </RangeCalendar>
        </Dialog>
      </Popover>
    </DateRangePicker>
  );
}
