import { useQuery } from "@tanstack/react-query";
import { keepTenant } from "../data/scope";
import { tenants } from "../data/tenants";
import { ProblemState } from "../list/ProblemState";
import { EmptyState } from "../kit/EmptyState";
import { PageHead } from "../kit/PageHead";
import { Select } from "../kit/Select";
import { Skeleton } from "../kit/Skeleton";
import { useWords } from "../words/words";

/** Looks at another tenant from here on; everything that was read of the one before is forgotten. */
export function switchTenant(id: string): void {
  keepTenant(id);
  const url = new URL(window.location.href);
  url.search = "";
  window.location.assign(url.pathname.split("/").slice(0, 2).join("/"));
}

/** A credential of the platform sees one tenant at a time, and has to say which. */
export function ChooseTenant() {
  const { t } = useWords();
  const list = useQuery(tenants());
  return (
    <>
      <PageHead title={t("shell.choose_tenant")} />
      {list.isPending ? <Skeleton rows={4} label={t("common.loading")} /> : null}
      {list.isError ? <ProblemState error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.data === undefined ? null : (
        <EmptyState title={t("shell.choose_tenant")} text={t("shell.choose_tenant_text")}>
          <Select
            label={t("shell.tenant")}
            bare
            value=""
            onChange={switchTenant}
            choices={list.data.data.map(({ id, name }) => ({ id, label: name || id }))}
          />
        </EmptyState>
      )}
    </>
  );
}
