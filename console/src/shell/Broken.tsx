import { ErrorState } from "../kit/ErrorState";
import { PageHead } from "../kit/PageHead";
import { useWords } from "../words/words";
import { Button } from "../kit/Button";

/** A page failed in itself; the shell around it goes on. */
export function Broken({ error }: { error: unknown }) {
  const { t } = useWords();
  const text = error instanceof Error ? error.message : String(error);
  return (
    <>
      <PageHead title={t("shell.broken")} />
      <ErrorState title={t("shell.broken")} text={t("shell.broken_text")} facts={[text]}>
        <Button onPress={() => window.location.reload()}>{t("shell.reload")}</Button>
      </ErrorState>
    </>
  );
}
