import { CircleCheck, CircleDashed } from "lucide-react";
import { useRef } from "react";
import type { Violation } from "../../data/violations";
import { Checkbox } from "../../kit/Checkbox";
import { useZones } from "../../kit/clock";
import { Level } from "../../kit/Level";
import { Link } from "../../kit/Link";
import { formatDateMinute } from "../../time/format";
import { useWords } from "../../words/words";
import type { Grouping } from "./triage";
import { isUnreviewed } from "./triage";
import { reviewOf, whoOf } from "./said";
import type { Said } from "./useReviews";
import styles from "./Violations.module.css";

interface InboxRowProps {
  row: Violation;
  grouping: Grouping;
  said: Said | undefined;
  href: string;
  /** It is the one at the right. */
  isCurrent: boolean;
  /** Tab stops here; the keys move on. */
  isStop: boolean;
  isSelected: boolean;
  onFocus: () => void;
  onSelect: (range: boolean) => void;
}

/** One violation: how bad, which rule, of whom, how often, when last, and whether anybody has looked. */
export function InboxRow(props: InboxRowProps) {
  const { row, grouping, said, href, isCurrent, isStop, isSelected, onFocus, onSelect } = props;
  const { t, locale } = useWords();
  const { zone } = useZones();
  const shift = useRef(false);
  const who = whoOf(row) ?? t("violations.nobody");
  const open = isUnreviewed({ review: reviewOf(row, said) });
  const state = said?.pending === true ? "pending" : open ? "unreviewed" : "reviewed";
  const last = row.last_at ?? row.window_at;
  return (
    <li className={styles.row} data-current={isCurrent} data-state={state} data-selected={isSelected}>
      <span
        className={styles.pick}
        onPointerDownCapture={(event) => {
          shift.current = event.shiftKey;
        }}
        onKeyDownCapture={(event) => {
          shift.current = event.shiftKey;
        }}
      >
        <Checkbox
          aria-label={t("violations.select", { title: row.title, who })}
          isSelected={isSelected}
          excludeFromTabOrder={!isStop}
          onChange={() => onSelect(shift.current)}
        />
      </span>
      <Link
        href={href}
        className={styles.open}
        data-row={row.id}
        onFocus={onFocus}
        {...(isCurrent ? { "aria-current": "true" as const } : {})}
        {...(isStop ? {} : { excludeFromTabOrder: true })}
      >
        <span className={styles.line}>
          <span className={styles.state} title={t(`violations.mark.${state}`)}>
            {state === "pending" ? (
              <CircleDashed size={14} aria-hidden />
            ) : open ? (
              <span className={styles.dot} aria-hidden />
            ) : (
              <CircleCheck size={14} aria-hidden />
            )}
            <span className="hidden-visually">{t(`violations.mark.${state}`)}</span>
          </span>
          <span className={styles.name}>{grouping === "rule" ? who : row.title}</span>
        </span>
        <span className={styles.second}>
          <Level level={row.level} />
          {grouping === "none" ? <span className={styles.who}>{who}</span> : null}
          <span className={styles.times}>{t("violations.times", { count: row.count })}</span>
          <time className={styles.when} dateTime={last}>
            {formatDateMinute(last, { locale, zone })}
          </time>
        </span>
      </Link>
    </li>
  );
}
