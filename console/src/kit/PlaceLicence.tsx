import { useWords } from "../words/words";
import { ExternalLink } from "./Link";
import styles from "./PlaceLicence.module.css";

/** Where places come from: their licence asks for the link wherever one is shown. */
export function PlaceLicence() {
  const { t } = useWords();
  return (
    <ExternalLink href="https://db-ip.com" className={styles.licence ?? ""}>
      {t("common.db_ip")}
    </ExternalLink>
  );
}
