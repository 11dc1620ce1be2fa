import { useQuery } from "@tanstack/react-query";
import { ChevronsUpDown } from "lucide-react";
import { useState } from "react";
import { useMe } from "../data/me";
import { tenants } from "../data/tenants";
import { Button } from "../kit/Button";
import { Menu } from "../kit/Menu";
import { useWords } from "../words/words";
import { switchTenant } from "./ChooseTenant";
import styles from "./TopBar.module.css";

/** Whose log this is. Only the platform can look at another. */
export function TenantMenu() {
  const { t } = useWords();
  const { tenant, permissions } = useMe();
  const [asked, setAsked] = useState(false);
  const platform = permissions.includes("run_installation");
  const list = useQuery({ ...tenants(), enabled: asked });
  const name = tenant === null ? t("shell.choose_tenant") : tenant.name || tenant.id;
  if (!platform) {
    return (
      <span className={styles.tenant} title={name}>
        {name}
      </span>
    );
  }
  const entries = (list.data?.data ?? []).map((other) => ({
    id: other.id,
    label: other.name || other.id,
    isSelected: other.id === tenant?.id,
    onAction: () => switchTenant(other.id),
  }));
  const waiting = [{ id: "loading", label: t("common.loading"), reason: "" }];
  return (
    <Menu
      label={t("shell.tenant")}
      placement="bottom start"
      groups={[{ id: "tenants", entries: entries.length === 0 ? waiting : entries }]}
      trigger={
        <Button kind="quiet" onPress={() => setAsked(true)} aria-label={`${t("shell.tenant")}: ${name}`}>
          <span className={styles.tenant}>{name}</span> <ChevronsUpDown size={14} aria-hidden />
        </Button>
      }
    />
  );
}
