import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { UserX } from "lucide-react";
import { lazy, Suspense } from "react";
import { useAddress } from "../../address";
import { useMay } from "../../data/me";
import { asProblem } from "../../data/problem";
import { user } from "../../data/users";
import { nameOfUser } from "../../fields/users";
import { EmptyState } from "../../kit/EmptyState";
import { LinkButton } from "../../kit/LinkButton";
import { PageHead } from "../../kit/PageHead";
import { Skeleton } from "../../kit/Skeleton";
import { Tabs } from "../../kit/Tabs";
import { ProblemState } from "../../list/ProblemState";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { Activity } from "./Activity";
import { UserHead } from "./UserHead";
import styles from "./User.module.css";

// Whoever may not see violations does not even fetch what would show them.
const SignIns = lazy(() => import("./SignIns"));
const Checks = lazy(() => import("./Checks"));
const ChecksNote = lazy(() => import("./ChecksNote"));

/** One person: who they are, what they did, and from where they signed in. */
export default function UserPage() {
  const { t } = useWords();
  const { path, go } = useAddress();
  const { id = "" } = useParams({ strict: false });
  const sees = useMay("see_violations");
  const query = useQuery(user(id));
  if (query.error !== null) {
    return (
      <>
        <PageHead title={t("shell.title.user")} />
        {asProblem(query.error).code === "not_found" ? (
          <EmptyState
            title={t("user.not_found")}
            text={t("user.not_found_text")}
            icon={<UserX size={20} aria-hidden />}
          >
            <LinkButton href={paths.users()}>{t("user.all_users")}</LinkButton>
          </EmptyState>
        ) : (
          <ProblemState error={query.error} onRetry={() => void query.refetch()} />
        )}
      </>
    );
  }
  const found = query.data?.data;
  if (found === undefined) {
    return <Skeleton page rows={6} label={t("common.loading")} />;
  }
  // Without the right to see violations there is one view, and no sign that there are others.
  const tab = !sees || path.endsWith("/activity") ? "activity" : "sign-ins";
  const activity = <Activity userId={id} />;
  return (
    <div className={styles.page}>
      <UserHead
        user={found}
        checks={
          sees ? (
            <Suspense fallback={null}>
              <Checks user={{ id, name: nameOfUser(found) }} />
            </Suspense>
          ) : null
        }
      />
      {sees ? (
        <Suspense fallback={null}>
          <ChecksNote id={id} />
        </Suspense>
      ) : null}
      {sees ? (
        <Tabs
          label={t("user.sections")}
          selected={tab}
          onSelect={(next) => go(next === "activity" ? paths.userActivity(id) : paths.userSignIns(id))}
          tabs={[
            {
              id: "sign-ins",
              label: t("user.tab.sign_ins"),
              content: (
                <Suspense fallback={<Skeleton page rows={6} label={t("common.loading")} />}>
                  <SignIns user={found} />
                </Suspense>
              ),
            },
            { id: "activity", label: t("user.tab.activity"), content: activity },
          ]}
        />
      ) : (
        activity
      )}
    </div>
  );
}
