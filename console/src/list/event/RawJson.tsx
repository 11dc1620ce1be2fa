import { useState } from "react";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/CopyButton";
import { useWords } from "../../words/words";
import styles from "./EventDetails.module.css";

/** All that the API has about it; made when somebody wants it. */
export function RawJson({ value }: { value: unknown }) {
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  const text = isOpen ? JSON.stringify(value, null, 2) : "";
  return (
    <section className={styles.section}>
      <div className={styles.jsonHead}>
        <Button kind="quiet" size="small" aria-expanded={isOpen} onPress={() => setOpen(!isOpen)}>
          {t("events.json")}
        </Button>
        {isOpen ? <CopyButton text={text} label={t("list.copy_json")} /> : null}
      </div>
      {isOpen ? (
        <pre className={styles.json} tabIndex={0} aria-label={t("events.json")}>
          {text}
        </pre>
      ) : null}
    </section>
  );
}
