import { Outlet } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { useAddress } from "../address";
import { useShortcut } from "../keys/useShortcut";
import { useZones } from "../kit/clock";
import { setRegion } from "../kit/announce";
import { toast } from "../kit/Toast";
import { paths } from "../paths";
import { useWords } from "../words/words";
import { Busy } from "./Busy";
import { Help } from "./Help";
import { Nav } from "./Nav";
import { prefer, usePreferences } from "./preferences";
import { TopBar } from "./TopBar";
import { useLinks } from "./useLinks";
import { useChooseZone, Zones } from "./Zones";
import styles from "./Shell.module.css";

const zones = ["tenant", "own", "utc"] as const;
const densities = ["compact", "normal", "roomy"] as const;

function after<T>(all: readonly [T, ...T[]], current: T): T {
  return all[(all.indexOf(current) + 1) % all.length] ?? all[0];
}

/** Times first: whatever stands on a page shows some. */
export function Shell() {
  return (
    <Zones>
      <Frame />
    </Zones>
  );
}

/** What stands around every page. */
function Frame() {
  const { t } = useWords();
  const { go } = useAddress();
  const { density, folded } = usePreferences();
  const { choice, zone } = useZones();
  const chooseZone = useChooseZone();
  const onLink = useLinks();
  const [help, setHelp] = useState(false);
  const [sheet, setSheet] = useState(false);
  const closeSheet = useCallback(() => setSheet(false), []);
  useShortcut("help", () => setHelp(true));
  useShortcut("goEvents", () => go(paths.log()));
  useShortcut("goUsers", () => go(paths.users()));
  useShortcut("goViolations", () => go(paths.violations()));
  useShortcut("zone", () => chooseZone(after(zones, choice)));
  useShortcut("density", () => prefer({ density: after(densities, density) }));
  useShortcut("copyLink", () => {
    const link = new URL(window.location.href);
    if (choice !== "tenant") {
      link.searchParams.set("_zone", zone);
    }
    void navigator.clipboard.writeText(link.href).then(() => {
      toast({ text: t("shell.link_copied"), kind: "done" }, 3);
    });
  });
  return (
    <div className={`${styles.shell} ${folded ? styles.folded : ""}`}>
      <a className={styles.skip} href="#content">
        {t("shell.skip")}
      </a>
      <Nav isOpen={sheet} onClose={closeSheet} />
      <TopBar onHelp={() => setHelp(true)} onNavigation={() => setSheet(true)} />
      {/* The links themselves are what is used; this sees where they lead. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
      <main id="content" className={styles.content} tabIndex={-1} onClick={onLink}>
        <Busy />
        <Outlet />
      </main>
      <div className="hidden-visually" aria-live="polite" ref={setRegion} />
      <Help isOpen={help} onClose={() => setHelp(false)} />
    </div>
  );
}
