import type { ReactNode } from "react";
import type { Session, SessionPage } from "../../data/users";
import { joinList } from "../../fields/schemas";
import { sessions } from "../../fields/sessions";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { useReadPage } from "./reading";

/** The sessions of a user; each leads to what was done in it. */
export function Sessions({ id, banner }: { id: string; banner: ReactNode }) {
  const { t } = useWords();
  const path = `/v1/users/${encodeURIComponent(id)}/sessions`;
  const read = useReadPage<Session, SessionPage>(path);
  return (
    <ListFrame
      bare
      fields={sessions}
      title={t("user.by_session")}
      path={path}
      read={read}
      hrefOf={(row) => paths.events({ actor_id: joinList([id]), session_key: joinList([row.key]) })}
      banner={banner}
      nothing={{ title: t("user.history_empty"), text: t("user.history_empty_text") }}
    />
  );
}
