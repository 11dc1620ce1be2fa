import { KeyRound, List, ShieldAlert, Users } from "lucide-react";
import type { ComponentType, ReactNode } from "react";
import type { Permission, Schema } from "./data/schema";
import type { ShortcutId } from "./keys/shortcuts";
import EventsPage from "./pages/events/EventsPage";
import { paths } from "./paths";
import type { WordKey } from "./words/languages";

export interface NavEntry {
  group: "activity" | "people" | "security" | "settings";
  label: WordKey;
  icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  href: string;
  shortcut?: ShortcutId;
}

export interface RouteEntry {
  path: string;
  title: WordKey;
  /** Without it, the page says who has it, and navigation does not have the entry. */
  permission?: Permission;
  /** What the tenant's plan must have; without it the entry stays, with a lock. */
  feature?: keyof Schema<"Features">;
  nav?: NavEntry;
  page: () => Promise<{ default: () => ReactNode }>;
}

/** Every page of the console: its address, who may see it, and where it stands in navigation. */
export const routes: readonly RouteEntry[] = [
  {
    path: "/events",
    title: "shell.nav.events",
    permission: "read_log",
    feature: "log",
    nav: { group: "activity", label: "shell.nav.events", icon: List, href: paths.log(), shortcut: "goEvents" },
    // Most begin here, so it comes with the shell, in one file.
    page: async () => ({ default: EventsPage }),
  },
  {
    path: "/events/$id",
    title: "shell.title.event",
    permission: "read_log",
    feature: "log",
    page: () => import("./pages/events/EventPage"),
  },
  {
    path: "/objects/$type/$id",
    title: "shell.title.object",
    permission: "read_log",
    feature: "log",
    page: () => import("./pages/object/ObjectPage"),
  },
  {
    path: "/users",
    title: "shell.nav.users",
    permission: "read_log",
    feature: "log",
    nav: { group: "people", label: "shell.nav.users", icon: Users, href: paths.users(), shortcut: "goUsers" },
    page: () => import("./pages/users/UsersPage"),
  },
  {
    // One page, whatever is shown of the person: the head stays where it is.
    path: "/users/$id/{-$tab}",
    title: "shell.title.user",
    permission: "read_log",
    feature: "log",
    page: () => import("./pages/user/UserPage"),
  },
  {
    // The inbox stays while one after the other is opened.
    path: "/violations/{-$id}",
    title: "shell.nav.violations",
    permission: "see_violations",
    feature: "log",
    nav: {
      group: "security",
      label: "shell.nav.violations",
      icon: ShieldAlert,
      href: paths.violations(),
      shortcut: "goViolations",
    },
    page: () => import("./pages/violations/ViolationsPage"),
  },
  {
    path: "/setup",
    title: "shell.nav.setup",
    permission: "administer",
    nav: { group: "settings", label: "shell.nav.setup", icon: KeyRound, href: paths.setup() },
    page: () => import("./pages/setup/SetupPage"),
  },
];

/** The role that has a permission first, as the server's roles grow. */
export const roleOf: Partial<Record<Permission, WordKey>> = {
  read_log: "shell.role.viewer",
  trace_users: "shell.role.supervisor",
  see_violations: "shell.role.security",
  manage_access: "shell.role.security",
  read_configuration: "shell.role.admin",
  administer: "shell.role.admin",
  query_sql: "shell.role.admin",
  run_installation: "shell.role.platform",
};
