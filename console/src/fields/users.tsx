import { ShieldOff } from "lucide-react";
import * as v from "valibot";
import { type User, unreviewedOf } from "../data/users";
import { Badge } from "../kit/Badge";
import { Link } from "../kit/Link";
import { Time } from "../kit/Time";
import { UnreviewedMark } from "../kit/UnreviewedMark";
import { paths } from "../paths";
import { useWords } from "../words/words";
import type { ListFields } from "./list";
import { oneOf, period, text } from "./schemas";
import styles from "./users.module.css";

/** What a user is called: by name, or else by e-mail address or id. */
export function nameOfUser(user: Pick<User, "id" | "name" | "email">): string {
  return user.name || user.email || user.id;
}

function Name({ user }: { user: User }) {
  const { t } = useWords();
  return (
    <>
      <Link href={paths.user(user.id)} className={styles.name}>
        {nameOfUser(user)}
      </Link>
      {user.active ? null : <Badge>{t("users.deactivated")}</Badge>}
      {user.exempt === true ? (
        <Badge tone="warn" icon={<ShieldOff size={12} aria-hidden />}>
          {t("users.exempt")}
        </Badge>
      ) : null}
    </>
  );
}

/** Who broke a restriction is marked here, and the mark leads to the sign-in log. */
function LastActivity({ user }: { user: User }) {
  const { t } = useWords();
  const unreviewed = unreviewedOf(user) ?? 0;
  return (
    <>
      {user.last_activity_at === null ? (
        <span className={`${styles.ago} muted`}>{t("users.never")}</span>
      ) : (
        <span className={styles.ago}>
          <Time at={user.last_activity_at} show="relative" stop={false} />
        </span>
      )}
      {unreviewed > 0 ? (
        <UnreviewedMark
          count={unreviewed}
          level={user.max_level}
          name={nameOfUser(user)}
          href={paths.userSignIns(user.id, { _tab: "restrictions" })}
        />
      ) : null}
    </>
  );
}

function FirstSeen({ user }: { user: User }) {
  const { t } = useWords();
  return user.first_seen_at === null ? (
    <span className="muted">{t("common.none")}</span>
  ) : (
    <Time at={user.first_seen_at} show="date" stop={false} />
  );
}

function Count({ value }: { value: number }) {
  const { locale } = useWords();
  return <span>{value.toLocaleString(locale)}</span>;
}

const search = v.pipe(v.string(), v.maxLength(256));

/** The list of users, as the course platform's contacts have it. */
export const users: ListFields<User> = {
  id: "users",
  columns: [
    {
      id: "name",
      label: "users.name",
      cell: (user) => <Name user={user} />,
      width: "minmax(200px, 2fr)",
      least: 200,
      columns: ["name", "active"],
      shown: true,
      narrow: "first",
    },
    {
      id: "email",
      label: "users.email",
      cell: (user) => <span className="muted">{user.email}</span>,
      width: "minmax(160px, 1.5fr)",
      least: 160,
      columns: ["email"],
      shown: true,
    },
    {
      id: "last_activity",
      label: "users.last_activity",
      cell: (user) => <LastActivity user={user} />,
      width: "minmax(272px, 1.5fr)",
      least: 272,
      columns: ["last_activity_at", "unreviewed_violations"],
      shown: true,
      narrow: "second",
    },
    {
      id: "sign_ins",
      label: "users.sign_ins",
      cell: (user) => <Count value={user.sign_ins} />,
      width: "100px",
      least: 100,
      columns: ["sign_ins"],
      shown: true,
      end: true,
    },
    {
      id: "first_seen",
      label: "users.first_seen",
      cell: (user) => <FirstSeen user={user} />,
      width: "140px",
      least: 140,
      columns: ["first_seen_at"],
      shown: true,
    },
    {
      id: "id",
      label: "users.id",
      cell: (user) => <span className="mono">{user.id}</span>,
      width: "minmax(120px, 1fr)",
      least: 120,
      columns: ["id"],
      shown: false,
    },
  ],
  filters: [
    { kind: "text", param: "q", label: "users.q", schema: search, placeholder: "users.search" },
    { kind: "switch", param: "include_deactivated", label: "users.include_deactivated", schema: oneOf("true") },
    { kind: "switch", param: "marked", label: "users.marked", schema: oneOf("true"), permission: "see_violations" },
    { kind: "period", param: "period", label: "users.period", schema: period },
    {
      kind: "order",
      param: "sort",
      label: "users.sort",
      schema: oneOf("last_activity", "unreviewed", "name"),
      choices: [
        { value: "last_activity", label: "users.sort.last_activity" },
        { value: "unreviewed", label: "users.sort.unreviewed", permission: "see_violations" },
        { value: "name", label: "users.sort.name" },
      ],
    },
    { kind: "text", param: "id", label: "users.id", schema: text, more: true },
  ],
  rowId: (user) => user.id,
  rowName: nameOfUser,
  facts: () => [],
};
