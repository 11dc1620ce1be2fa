import { useCallback } from "react";
import { useMay, useMe } from "../../data/me";
import type { ReadPage } from "../../data/pages";
import { pageSize } from "../../data/pages";
import { read } from "../../data/client";
import type { User, UserPage } from "../../data/users";
import { users } from "../../fields/users";
import { LinkButton } from "../../kit/LinkButton";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";

const path = "/v1/users";

/** Everybody whom the log knows; who broke a restriction that nobody has looked at is marked. */
export default function UsersPage() {
  const { t } = useWords();
  const setsUp = useMay("administer");
  const { permissions } = useMe();
  const readPage = useCallback(
    (query: Record<string, string>): ReadPage<User, UserPage> =>
      async (cursor, signal) =>
        read(path, { ...query, limit: String(pageSize), ...(cursor === undefined ? {} : { cursor }) }, signal),
    [],
  );
  const sees = permissions.includes("see_violations");
  return (
    <ListFrame
      fields={users}
      title={t("users.title")}
      path={path}
      read={readPage}
      hrefOf={(user) => paths.user(user.id)}
      actions={(user) => [
        { id: "events", label: t("users.events"), href: paths.events({ actor_id: user.id }) },
        ...(sees ? [{ id: "sign-ins", label: t("users.sign_in_log"), href: paths.userSignIns(user.id) }] : []),
      ]}
      nothing={{ title: t("users.none"), text: t("users.none_text") }}
      empty={setsUp ? <LinkButton href={paths.setup()}>{t("shell.nav.setup")}</LinkButton> : null}
    />
  );
}
