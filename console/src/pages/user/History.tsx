import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { SignIn, SignInPage } from "../../data/users";
import { listed, violationSummary } from "../../data/violations";
import { signInFields } from "../../fields/signIns";
import { PlaceLicence } from "../../kit/PlaceLicence";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { useReadPage } from "./reading";
import styles from "./User.module.css";

/** Every sign-in and every attempt, with its session, device, address and place. */
export function History({ id }: { id: string }) {
  const { t } = useWords();
  const path = `/v1/users/${encodeURIComponent(id)}/sign-ins`;
  const read = useReadPage<SignIn, SignInPage>(path);
  // Sign-ins name rules by their ids; what they are called stands in the counts by rule.
  const summary = useQuery(violationSummary({ user_id: listed(id) }));
  const fields = useMemo(
    () => signInFields(new Map(summary.data?.rule.map(({ value, label }) => [value, label ?? value]))),
    [summary.data],
  );
  return (
    <ListFrame
      bare
      hasOrder
      fields={fields}
      title={t("user.sub.history")}
      path={path}
      read={read}
      hrefOf={(row) => paths.event(row.id)}
      banner={
        <p className={styles.banner}>
          <PlaceLicence />
        </p>
      }
      nothing={{ title: t("user.history_empty"), text: t("user.history_empty_text") }}
    />
  );
}
