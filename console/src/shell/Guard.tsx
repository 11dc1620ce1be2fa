import { Lock, LockKeyhole } from "lucide-react";
import { type ReactNode, Suspense } from "react";
import { useMe } from "../data/me";
import { EmptyState } from "../kit/EmptyState";
import { PageHead } from "../kit/PageHead";
import { Skeleton } from "../kit/Skeleton";
import { type RouteEntry, roleOf } from "../routes";
import { useWords } from "../words/words";
import { ChooseTenant } from "./ChooseTenant";

/** Lets somebody see a page, or says what is lacking: the permission and who has it, the plan, the tenant. */
export function Guard({ entry, children }: { entry: RouteEntry; children: ReactNode }) {
  const { t } = useWords();
  const { permissions, tenant } = useMe();
  const { permission, feature } = entry;
  if (tenant === null) {
    return <ChooseTenant />;
  }
  if (permission !== undefined && !permissions.includes(permission)) {
    const role = roleOf[permission];
    const text = t("shell.no_permission_text", {
      permission: t(`shell.permission.${permission}`),
      role: role === undefined ? "" : t(role),
    });
    return (
      <>
        <PageHead title={t(entry.title)} />
        <EmptyState title={t("shell.no_permission")} text={text} icon={<LockKeyhole size={20} aria-hidden />} />
      </>
    );
  }
  if (feature !== undefined && tenant.plan.features[feature] === false) {
    return (
      <>
        <PageHead title={t(entry.title)} />
        <EmptyState
          title={t("shell.plan_limit")}
          text={t("shell.plan_limit_text", { plan: tenant.plan.plan })}
          icon={<Lock size={20} aria-hidden />}
        />
      </>
    );
  }
  return <Suspense fallback={<Skeleton page rows={8} label={t("common.loading")} />}>{children}</Suspense>;
}
