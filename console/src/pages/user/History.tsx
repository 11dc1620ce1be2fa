import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { useAddress } from "../../address";
import type { SignIn, SignInPage } from "../../data/users";
import { listed, violationSummary } from "../../data/violations";
import { signInFields } from "../../fields/signIns";
import { PlaceLicence } from "../../kit/PlaceLicence";
import { Segments } from "../../kit/Segments";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { useReadPage } from "./reading";
import { Sessions } from "./Sessions";
import styles from "./User.module.css";

/** How somebody got in: each sign-in and attempt, or what they came to, session by session. */
export function History({ id }: { id: string }) {
  const { t } = useWords();
  const { search, go } = useAddress();
  const grouped = search["_group"] === "session";
  const banner = (
    <div className={styles.banner}>
      <Segments
        bare
        label={t("user.grouping")}
        value={grouped ? "session" : "each"}
        // The filter of one is none of the other, but for the period.
        onChange={(next) => {
          const { period, from, to } = search;
          go(paths.userSignIns(id, { period, from, to, _group: next === "session" ? next : undefined }));
        }}
        choices={[
          { id: "each", label: t("user.each_sign_in") },
          { id: "session", label: t("user.by_session") },
        ]}
      />
      <PlaceLicence />
    </div>
  );
  return grouped ? <Sessions id={id} banner={banner} /> : <EachSignIn id={id} banner={banner} />;
}

/** Every sign-in and every attempt, with its session, device, address and place. */
function EachSignIn({ id, banner }: { id: string; banner: ReactNode }) {
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
      banner={banner}
      nothing={{ title: t("user.history_empty"), text: t("user.history_empty_text") }}
    />
  );
}
