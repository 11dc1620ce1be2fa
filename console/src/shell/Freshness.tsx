import { useEffect, useState } from "react";
import { Focusable } from "react-aria-components/Focusable";
import { useFresh } from "../data/fresh";
import { useZones } from "../kit/clock";
import { Tooltip } from "../kit/Tooltip";
import { formatRelative, formatTime } from "../time/format";
import { useWords } from "../words/words";
import styles from "./TopBar.module.css";

/** From here on the answer is old enough to be said loudly. */
const late = 60_000;

/** Up to when what is shown is complete. */
export function Freshness() {
  const { t, locale } = useWords();
  const { zone } = useZones();
  const until = useFresh();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 5000);
    return () => clearInterval(timer);
  }, [until]);
  if (until === undefined) {
    return null;
  }
  const text =
    until === null
      ? t("shell.fresh_unknown")
      : t("shell.fresh", { time: formatTime(until, { locale, zone }), ago: formatRelative(until, now, locale) });
  const tone = until === null ? styles.unknown : now - Date.parse(until) > late ? styles.late : "";
  return (
    <Tooltip text={`${text}\n${t("shell.fresh_hint")}`}>
      <Focusable>
        <span role="status" className={`${styles.fresh} ${tone}`} aria-live="off">
          <span className={styles.dot} aria-hidden />
          <span className={styles.freshText}>{text}</span>
        </span>
      </Focusable>
    </Tooltip>
  );
}
