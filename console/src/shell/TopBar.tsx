import { CircleHelp, CircleUser, Clock, Menu as MenuIcon } from "lucide-react";
import { useRef, useState } from "react";
import { useAddress } from "../address";
import { useMe } from "../data/me";
import { useShortcut } from "../keys/useShortcut";
import { useZones } from "../kit/clock";
import { Button } from "../kit/Button";
import { IconButton } from "../kit/IconButton";
import { Menu } from "../kit/Menu";
import { SearchField } from "../kit/SearchField";
import { paths } from "../paths";
import { zoneName } from "../time/format";
import { useWords } from "../words/words";
import { Freshness } from "./Freshness";
import { OwnMenu } from "./OwnMenu";
import { TenantMenu } from "./TenantMenu";
import { useChooseZone } from "./Zones";
import styles from "./TopBar.module.css";

function ZoneMenu() {
  const { t } = useWords();
  const { zone, own, tenant, choice } = useZones();
  const chooseZone = useChooseZone();
  const now = new Date();
  const entries = (["tenant", "own", "utc"] as const).map((id) => ({
    id,
    label: t(`shell.zone.${id}`, { zone: zoneName(id === "own" ? own : tenant, now) }),
    isSelected: choice === id,
    onAction: () => chooseZone(id),
  }));
  return (
    <Menu
      label={t("shell.zone")}
      groups={[{ id: "zones", title: t("shell.zone_hint"), entries }]}
      trigger={
        <Button
          kind="quiet"
          size="small"
          icon={<Clock size={14} aria-hidden />}
          aria-label={`${t("shell.zone")}: ${zone}`}
        >
          <span className={styles.zone}>{zone.split("/").at(-1)?.replaceAll("_", " ")}</span>
        </Button>
      }
    />
  );
}

/** The words that the log is searched for; the search opens the log, it never looks by itself. */
function Search() {
  const { t } = useWords();
  const { path, search, go } = useAddress();
  const input = useRef<HTMLInputElement>(null);
  const applied = path === "/events" ? (search["q"] ?? "") : "";
  const [draft, setDraft] = useState({ of: applied, text: applied });
  if (draft.of !== applied) {
    setDraft({ of: applied, text: applied });
  }
  useShortcut("search", () => input.current?.focus());
  return (
    <div className={styles.search} role="search">
      <SearchField
        label={t("shell.search")}
        clearLabel={t("common.clear")}
        input={input}
        value={draft.text}
        onChange={(text) => setDraft({ of: applied, text })}
        onSubmit={(text) => {
          const { q: _, _event: _open, ...rest } = path === "/events" ? search : { q: "" };
          const to = path === "/events" ? paths.events : paths.log;
          go(to(text.trim() === "" ? rest : { ...rest, q: text.trim() }));
        }}
      />
    </div>
  );
}

interface TopBarProps {
  onHelp: () => void;
  onNavigation: () => void;
}

export function TopBar({ onHelp, onNavigation }: TopBarProps) {
  const { t } = useWords();
  const { permissions, tenant } = useMe();
  return (
    <header className={styles.bar}>
      <div className={styles.narrow}>
        <IconButton label={t("shell.open_navigation")} onPress={onNavigation}>
          <MenuIcon size={16} aria-hidden />
        </IconButton>
      </div>
      <TenantMenu />
      {permissions.includes("read_log") && tenant !== null ? <Search /> : <div className={styles.search} />}
      <div className={styles.tools}>
        <Freshness />
        <ZoneMenu />
        <IconButton label={t("shell.help")} shortcut="?" onPress={onHelp}>
          <CircleHelp size={16} aria-hidden />
        </IconButton>
        <OwnMenu
          trigger={
            <IconButton label={t("shell.menu")}>
              <CircleUser size={16} aria-hidden />
            </IconButton>
          }
        />
      </div>
    </header>
  );
}
