import { Lock, PanelLeftClose, PanelLeftOpen, X } from "lucide-react";
import { useEffect } from "react";
import { useAddress } from "../address";
import { useMe } from "../data/me";
import { SHORTCUTS } from "../keys/shortcuts";
import { IconButton } from "../kit/IconButton";
import { Link } from "../kit/Link";
import { type RouteEntry, routes } from "../routes";
import { useWords } from "../words/words";
import { prefer, usePreferences } from "./preferences";
import styles from "./Nav.module.css";

const groups = ["activity", "people", "security", "settings"] as const;

type NavRoute = RouteEntry & { nav: NonNullable<RouteEntry["nav"]> };

const hasNav = (route: RouteEntry): route is NavRoute => route.nav !== undefined;

/** `/events` of `/events/01J…` and of `/events?period=today`. */
const sectionOf = (href: string) => href.split(/[/?]/)[1];

function Item({ route, folded, current }: { route: NavRoute; folded: boolean; current: boolean }) {
  const { t } = useWords();
  const { tenant, unreviewed_violations: unreviewed } = useMe();
  const { label, icon: Icon, href, shortcut } = route.nav;
  const locked = route.feature !== undefined && tenant?.plan.features[route.feature] === false;
  const keys = shortcut === undefined ? "" : ` (${SHORTCUTS[shortcut].keys[0]})`;
  return (
    <li title={`${t(label)}${keys}`}>
      <Link href={href} className={styles.item} {...(current ? { "aria-current": "page" as const } : {})}>
        <Icon size={16} aria-hidden />
        <span className={folded ? "hidden-visually" : styles.text}>{t(label)}</span>
        {locked ? <Lock size={12} aria-label={t("shell.plan_lock")} /> : null}
        {route.nav.shortcut === "goViolations" && (unreviewed ?? 0) > 0 && !folded ? (
          <span className={styles.count}>{unreviewed}</span>
        ) : null}
      </Link>
    </li>
  );
}

/** Navigation at the left; on a narrow screen a sheet over the page. What somebody may not see is not in it. */
export function Nav({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useWords();
  const { path } = useAddress();
  const { permissions } = useMe();
  const { folded: wanted } = usePreferences();
  const folded = wanted && !isOpen;
  useEffect(() => onClose(), [path, onClose]);
  const entries = routes
    .filter(hasNav)
    .filter(({ permission }) => permission === undefined || permissions.includes(permission));
  return (
    <>
      {isOpen ? <div className={styles.scrim} onClick={onClose} aria-hidden /> : null}
      {/* Esc closes the sheet from anywhere in it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <nav
        className={`${styles.nav} ${isOpen ? styles.open : ""} ${folded ? styles.folded : ""}`}
        aria-label={t("shell.navigation")}
        onKeyDown={({ key }) => {
          if (key === "Escape" && isOpen) {
            onClose();
          }
        }}
      >
        <div className={styles.brand}>
          <span className={styles.mark} aria-hidden />
          <span className={folded ? "hidden-visually" : styles.name}>{"usertrail"}</span>
          {isOpen ? (
            <IconButton label={t("common.close")} onPress={onClose}>
              <X size={16} aria-hidden />
            </IconButton>
          ) : null}
        </div>
        {groups.map((group) => {
          const own = entries.filter(({ nav }) => nav.group === group);
          return own.length === 0 ? null : (
            <section key={group} className={styles.group}>
              <h2 className={folded ? "hidden-visually" : styles.title}>{t(`shell.group.${group}`)}</h2>
              <ul>
                {own.map((route) => (
                  <Item
                    key={route.path}
                    route={route}
                    folded={folded}
                    current={sectionOf(path) === sectionOf(route.nav.href)}
                  />
                ))}
              </ul>
            </section>
          );
        })}
        <div className={styles.foot}>
          <IconButton
            label={folded ? t("shell.expand") : t("shell.collapse")}
            aria-expanded={!folded}
            onPress={() => prefer({ folded: !wanted })}
          >
            {folded ? <PanelLeftOpen size={16} aria-hidden /> : <PanelLeftClose size={16} aria-hidden />}
          </IconButton>
        </div>
      </nav>
    </>
  );
}
