import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components/Tabs";
import styles from "./Tabs.module.css";

export interface TabEntry {
  id: string;
  label: string;
  count?: number | undefined;
  content: ReactNode;
}

interface TabsProps {
  label: string;
  tabs: readonly TabEntry[];
  selected: string;
  onSelect: (id: string) => void;
  /** Below other tabs: smaller. */
  minor?: boolean;
}

/** Pages within a page; only the chosen one is there, so nothing is read that nobody looks at. */
export function Tabs({ label, tabs, selected, onSelect, minor }: TabsProps) {
  return (
    <AriaTabs
      className={styles.tabs ?? ""}
      selectedKey={selected}
      keyboardActivation="manual"
      onSelectionChange={(key) => onSelect(String(key))}
    >
      <TabList aria-label={label} className={`${styles.list} ${minor === true ? styles.minor : ""}`}>
        {tabs.map(({ id, label: text, count }) => (
          <Tab key={id} id={id} className={styles.tab ?? ""}>
            {text}
            {count === undefined ? null : <span className={styles.count}>{count}</span>}
          </Tab>
        ))}
      </TabList>
      {tabs.map(({ id, content }) => (
        <TabPanel key={id} id={id} className={styles.panel ?? ""}>
          {content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
