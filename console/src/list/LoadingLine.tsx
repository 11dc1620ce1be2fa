import { useEffect, useState } from "react";
import { Button } from "../kit/Button";
import { useWords } from "../words/words";
import styles from "./ListFrame.module.css";

/** The line over the table moves while a new answer loads; after two seconds it can be given up, which ends the query. */
export function LoadingLine({ loading, onCancel }: { loading: boolean; onCancel: () => void }) {
  const { t } = useWords();
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!loading) {
      return undefined;
    }
    const timer = setTimeout(() => setLong(true), 2000);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [loading]);
  return (
    <div className={styles.line}>
      {loading ? <div className={styles.moving} style={{ position: "absolute", inset: 0 }} /> : null}
      {loading && long ? (
        <div className={styles.cancel} role="status">
          {t("common.loading")}
          <Button size="small" onPress={onCancel}>
            {t("common.cancel")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
