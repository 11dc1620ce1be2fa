import type { ReactNode } from "react";
import { useMay } from "../../data/me";
import { type User, unreviewedOf } from "../../data/users";
import { nameOfUser } from "../../fields/users";
import { Badge } from "../../kit/Badge";
import { CopyButton } from "../../kit/CopyButton";
import { PageHead } from "../../kit/PageHead";
import { Time } from "../../kit/Time";
import { UnreviewedMark } from "../../kit/UnreviewedMark";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import styles from "./User.module.css";

interface UserHeadProps {
  user: User;
  /** The switch of the checks, for those who may know of them. */
  checks: ReactNode;
}

/** Who it is, whether they are active, and when they were last. */
export function UserHead({ user, checks }: UserHeadProps) {
  const { t, locale } = useWords();
  const sees = useMay("see_violations");
  const unreviewed = unreviewedOf(user);
  const name = nameOfUser(user);
  return (
    <PageHead
      title={name}
      marks={
        <>
          <Badge tone={user.active ? "plain" : "warn"}>{t(user.active ? "users.active" : "users.deactivated")}</Badge>
          {sees && unreviewed !== undefined && unreviewed > 0 ? (
            <UnreviewedMark
              count={unreviewed}
              level={user.max_level}
              name={name}
              href={paths.userSignIns(user.id, { _tab: "restrictions" })}
            />
          ) : null}
        </>
      }
      meta={
        <dl className={styles.facts}>
          {user.email === "" ? null : (
            <div>
              <dt>{t("user.email")}</dt>
              <dd>{user.email}</dd>
            </div>
          )}
          <div>
            <dt>{t("user.id")}</dt>
            <dd className={styles.id}>
              <span className="mono">{user.id}</span>
              <CopyButton text={user.id} label={t("common.copy_id")} />
            </dd>
          </div>
          <div>
            <dt>{t("user.last_activity")}</dt>
            <dd>
              {user.last_activity_at === null ? t("users.never") : <Time at={user.last_activity_at} show="relative" />}
            </dd>
          </div>
          {user.first_seen_at === null ? null : (
            <div>
              <dt>{t("user.first_seen")}</dt>
              <dd>
                <Time at={user.first_seen_at} show="date" />
              </dd>
            </div>
          )}
          <div>
            <dt>{t("user.sign_ins")}</dt>
            <dd className="number">{user.sign_ins.toLocaleString(locale)}</dd>
          </div>
        </dl>
      }
      actions={
        <>
          {checks}
          <CopyButton text={`${window.location.origin}${paths.user(user.id)}`} label={t("user.copy_link")} />
        </>
      }
    />
  );
}
