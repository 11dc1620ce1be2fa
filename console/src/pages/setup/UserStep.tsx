import { LinkButton } from "../../kit/LinkButton";
import type { User } from "../../data/users";
import { useWords } from "../../words/words";
import styles from "./Setup.module.css";

/** Users come by themselves, from the events. */
export function UserStep({ user }: { user: User | undefined }) {
  const { t } = useWords();
  if (user === undefined) {
    return <p className="muted">{t("setup.user.text")}</p>;
  }
  return (
    <>
      <p className="muted">{t("setup.user.done", { name: user.name === "" ? user.id : user.name })}</p>
      <div className={styles.row}>
        <LinkButton href="/users">{t("setup.user.open")}</LinkButton>
      </div>
    </>
  );
}
