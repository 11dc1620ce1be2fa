import { Outlet } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { useAddress } from "../address";
import { useShortcut } from "../keys/useShortcut";
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
import styles from "./Shell.module.css";

const zones = ["tenant", "own", "utc"] as const;
const densities = ["compact", "normal", "roomy"] as const;

function after<T>(all: readonly [T, ...T[]], current: T): T {
  return all[(all.indexOf(current) + 1) % all.length] ?? all[0];
}

/** What stands around every page. */
export function Shell() {
  const { t } = useWords();
  const { go } = useAddress();
  const { zone, density, folded } = usePreferences();
  const onLink = useLinks();
  const [help, setHelp] = useState(false);
  const [sheet, setSheet] = useState(false);
  const closeSheet = useCallback(() => setSheet(false), []);
  useShortcut("help", () => setHelp(true));
  useShortcut("goEvents", () => go(paths.log()));
  useShortcut("goUsers", () => go(paths.users()));
  useShortcut("goViolations", () => go(paths.violations()));
  useShortcut("zone", () => prefer({ zone: after(zones, zone) }));
  useShortcut("density", () => prefer({ density: after(densities, density) }));
  useShortcut("copyLink", () => {
    void navigator.clipboard.writeText(window.location.href).then(() => {
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
