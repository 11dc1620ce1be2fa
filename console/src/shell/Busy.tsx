import { useEffect, useState, useSyncExternalStore } from "react";
import { onWaiting, waitingUntil } from "../data/waiting";
import { useWords } from "../words/words";
import styles from "./Shell.module.css";

/** Counts down while the console waits because the server asked it to. */
export function Busy() {
  const { t } = useWords();
  const until = useSyncExternalStore(onWaiting, waitingUntil);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) {
      return undefined;
    }
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  const seconds = until === null ? 0 : Math.ceil((until - now) / 1000);
  // What is over at once would only flicker.
  return seconds < 1 ? null : (
    <p className={styles.busy} role="status">
      {t("shell.busy", { seconds })}
    </p>
  );
}
