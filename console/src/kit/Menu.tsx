import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { Header } from "react-aria-components/Header";
import { Menu as AriaMenu, MenuItem, MenuSection, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Text } from "react-aria-components/Text";
import field from "./Field.module.css";
import styles from "./Overlay.module.css";

export interface MenuEntry {
  id: string;
  label: string;
  icon?: ReactNode;
  hint?: string | undefined;
  shortcut?: string | undefined;
  /** A file or a page: a real link, which can be copied and opened in a new tab. */
  href?: string;
  /** The name under which the file is kept. */
  download?: string;
  isSelected?: boolean;
  /** Why it can't be chosen now. */
  reason?: string | undefined;
  onAction?: () => void;
}

export interface MenuGroup {
  id: string;
  title?: string;
  entries: readonly MenuEntry[];
}

interface MenuProps {
  label: string;
  trigger: ReactElement;
  groups: readonly MenuGroup[];
  placement?: "bottom start" | "bottom end";
}

function Entry({ entry }: { entry: MenuEntry }) {
  const { id, label, icon, hint, shortcut, href, download, isSelected, reason, onAction } = entry;
  const below = reason ?? hint;
  return (
    <MenuItem
      id={id}
      textValue={label}
      className={field.option ?? ""}
      isDisabled={reason !== undefined}
      {...(href === undefined ? {} : { href })}
      {...(download === undefined ? {} : { download })}
      {...(onAction === undefined ? {} : { onAction })}
    >
      {icon}
      <span className={field.optionText}>
        <Text slot="label">{label}</Text>
        {below === undefined ? null : (
          <Text slot="description" className={field.hint ?? ""} elementType="div">
            {below}
          </Text>
        )}
      </span>
      {isSelected === true ? <Check size={14} aria-hidden className={styles.selected} /> : null}
      {shortcut === undefined ? null : <kbd className={styles.shortcut}>{shortcut}</kbd>}
    </MenuItem>
  );
}

/** A list of things to do or to go to, behind a button. */
export function Menu({ label, trigger, groups, placement = "bottom end" }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={styles.popover ?? ""} placement={placement} offset={4}>
        <AriaMenu className={styles.menu ?? ""} aria-label={label}>
          {groups.map(({ id, title, entries }) => (
            <MenuSection key={id} {...(title === undefined ? { "aria-label": label } : {})}>
              {title === undefined ? null : <Header className={styles.section ?? ""}>{title}</Header>}
              {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </MenuSection>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
