import { useEffect, useState, useSyncExternalStore } from "react";
import { formatDuration } from "../../time/format";
import { useWords } from "../../words/words";
import styles from "./Setup.module.css";

function onVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

/** Says that the page looks for an event, and for how long it has; and that it does not while nobody sees it. */
export function Waiting({ since }: { since: number }) {
  const { t, locale } = useWords();
  const visible = useSyncExternalStore(onVisibility, () => document.visibilityState === "visible");
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!visible) {
      return undefined;
    }
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [visible]);
  return (
    <p className={styles.waiting}>
      <span className={visible ? styles.pulse : styles.still} aria-hidden />
      {t(visible ? "setup.event.waiting" : "setup.event.paused")}
      {visible ? (
        <span className="muted number" aria-hidden>
          {t("setup.event.waited", { time: formatDuration(now - since, locale) })}
        </span>
      ) : null}
    </p>
  );
}
