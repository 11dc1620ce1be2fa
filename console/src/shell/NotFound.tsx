import { EmptyState } from "../kit/EmptyState";
import { LinkButton } from "../kit/LinkButton";
import { PageHead } from "../kit/PageHead";
import { paths } from "../paths";
import { useWords } from "../words/words";

export function NotFound() {
  const { t } = useWords();
  return (
    <>
      <PageHead title={t("shell.title.not_found")} />
      <EmptyState title={t("shell.title.not_found")} text={t("shell.not_found_text")}>
        <LinkButton href={paths.log()}>{t("shell.to_events")}</LinkButton>
      </EmptyState>
    </>
  );
}
