import { ShieldAlert } from "lucide-react";
import { useWords } from "../words/words";
import { isLevel } from "./Level";
import { Link } from "./Link";
import styles from "./UnreviewedMark.module.css";

interface UnreviewedMarkProps {
  count: number;
  /** The worst level among them. */
  level?: string | null | undefined;
  name: string;
  href: string;
}

/** Says that somebody broke restrictions which nobody has looked at, and leads there. */
export function UnreviewedMark({ count, level, name, href }: UnreviewedMarkProps) {
  const { t } = useWords();
  const tone = level !== null && level !== undefined && isLevel(level) ? styles[level] : styles.medium;
  return (
    <Link href={href} className={`${styles.mark} ${tone}`} aria-label={t("users.unreviewed_open", { count, name })}>
      <ShieldAlert size={14} aria-hidden />
      {t("users.unreviewed", { count })}
    </Link>
  );
}
