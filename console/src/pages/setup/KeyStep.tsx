import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { asProblem } from "../../data/problem";
import { keys, makeKey, type NewKey } from "../../data/setup";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/CopyButton";
import { TextField } from "../../kit/TextField";
import { useWords } from "../../words/words";
import styles from "./Setup.module.css";

interface KeyStepProps {
  tenant: string;
  count: number;
  /** The key that was made on this page: the only place and time at which its secret is known. */
  made: NewKey | null;
  onMade: (key: NewKey) => void;
  may: boolean;
}

/** A key that may send and nothing else. */
export function KeyStep({ tenant, count, made, onMade, may }: KeyStepProps) {
  const { t } = useWords();
  const client = useQueryClient();
  const [name, setName] = useState(() => t("setup.key.name_default"));
  const [open, setOpen] = useState(false);
  const make = useMutation({
    mutationFn: async () => makeKey(tenant, name.trim()),
    onSuccess: async (key) => {
      onMade(key);
      setOpen(false);
      await client.invalidateQueries({ queryKey: keys(tenant).queryKey });
    },
  });
  const asks = open || count === 0;
  return (
    <>
      <p className="muted">{count > 0 ? t("setup.key.done", { count }) : t("setup.key.text")}</p>
      {made === null ? null : (
        <div className={styles.secret}>
          <KeyRound size={16} aria-hidden />
          <div className={styles.secretText}>
            <code>{made.secret}</code>
            <p className={styles.once}>{t("setup.key.once")}</p>
          </div>
          <CopyButton text={made.secret} label={t("setup.key.copy")} />
        </div>
      )}
      {asks ? (
        <form
          className={styles.row}
          onSubmit={(event) => {
            event.preventDefault();
            if (may) {
              make.mutate();
            }
          }}
        >
          <div className={styles.wide}>
            <TextField
              label={t("setup.key.name")}
              value={name}
              onChange={setName}
              maxLength={256}
              autoComplete="off"
              error={make.error === null ? undefined : asProblem(make.error).message}
            />
          </div>
          <Button
            type="submit"
            kind={count === 0 ? "primary" : "plain"}
            isPending={make.isPending}
            reason={may ? undefined : t("setup.no_right")}
          >
            {t("setup.key.make")}
          </Button>
        </form>
      ) : (
        <div>
          <Button size="small" onPress={() => setOpen(true)}>
            {t("setup.key.another")}
          </Button>
        </div>
      )}
    </>
  );
}
