import { useQuery } from "@tanstack/react-query";
import { ShieldOff } from "lucide-react";
import { exemption } from "../../data/users";
import { useZones } from "../../kit/clock";
import { formatDateMinute } from "../../time/format";
import { useWords } from "../../words/words";
import styles from "./User.module.css";

/** Who switched the checks off, why, and until when. */
export default function ChecksNote({ id }: { id: string }) {
  const { t, locale } = useWords();
  const { zone } = useZones();
  const at = (instant: string) => formatDateMinute(instant, { locale, zone });
  const { data } = useQuery(exemption(id));
  if (data === null || data === undefined || !data.holds) {
    return null;
  }
  const { owner, reason, expires_at: ends, granted_at: granted } = data;
  return (
    <p className={styles.told}>
      <ShieldOff size={14} aria-hidden />
      <span>
        {t("user.checks.by", { owner, reason, at: at(granted) })}{" "}
        <span className={styles.until}>
          {ends === null ? t("user.checks.forever") : t("user.checks.until", { at: at(ends) })}
        </span>
      </span>
    </p>
  );
}
