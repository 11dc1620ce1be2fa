import { useMemo } from "react";
import { Menu as AriaMenu, MenuItem, MenuSection } from "react-aria-components/Menu";
import { Header } from "react-aria-components/Header";
import { Popover } from "react-aria-components/Popover";
import type { Fact } from "../fields/list";
import field from "../kit/Field.module.css";
import overlay from "../kit/Overlay.module.css";
import { toast } from "../kit/Toast";
import { useWords } from "../words/words";

export interface RowAction {
  id: string;
  label: string;
  href?: string;
  run?: () => void;
}

interface RowMenuProps {
  button: Element;
  name: string;
  onClose: () => void;
  link: string;
  id: string;
  json: unknown;
  facts: readonly Fact[];
  onFilter: (fact: Fact, exclude: boolean) => void;
  actions: readonly RowAction[];
}

/** What can be done with one row. There is one such menu for all rows: a table of a hundred thousand has no room for more. */
export function RowMenu({ button, name, onClose, link, id, json, facts, onFilter, actions }: RowMenuProps) {
  const { t } = useWords();
  const anchor = useMemo(() => ({ current: button }), [button]);
  const copy = (text: string) => {
    void navigator.clipboard.writeText(text).then(() => toast({ text: t("common.copied"), kind: "done" }, 3));
  };
  const item = (key: string, label: string, run: () => void) => (
    <MenuItem key={key} id={key} className={field.option ?? ""} onAction={run}>
      {label}
    </MenuItem>
  );
  return (
    <Popover
      className={overlay.popover ?? ""}
      triggerRef={anchor}
      isOpen
      onOpenChange={(open) => {
        if (!open) {
          onClose();
        }
      }}
      placement="bottom end"
      offset={4}
    >
      <AriaMenu className={overlay.menu ?? ""} aria-label={name} autoFocus="first" onClose={onClose}>
        <MenuSection aria-label={t("list.row")}>
          {actions.map(({ id: key, label, href, run }) => (
            <MenuItem
              key={key}
              id={key}
              className={field.option ?? ""}
              {...(href === undefined ? {} : { href })}
              {...(run === undefined ? {} : { onAction: run })}
            >
              {label}
            </MenuItem>
          ))}
          {item("link", t("list.copy_link"), () => copy(new URL(link, window.location.href).href))}
          {item("id", t("common.copy_id"), () => copy(id))}
          {item("json", t("list.copy_json"), () => copy(JSON.stringify(json, null, 2)))}
        </MenuSection>
        {facts.length === 0 ? null : (
          <MenuSection>
            <Header className={overlay.section ?? ""}>{t("list.filter_by")}</Header>
            {facts.map((fact) =>
              item(`by-${fact.label}`, `${t(fact.label)}: ${fact.text}`, () => onFilter(fact, false)),
            )}
          </MenuSection>
        )}
        {facts.every(({ exclude }) => exclude === undefined) ? null : (
          <MenuSection>
            <Header className={overlay.section ?? ""}>{t("list.exclude")}</Header>
            {facts
              .filter(({ exclude }) => exclude !== undefined)
              .map((fact) => item(`not-${fact.label}`, `${t(fact.label)}: ${fact.text}`, () => onFilter(fact, true)))}
          </MenuSection>
        )}
      </AriaMenu>
    </Popover>
  );
}
