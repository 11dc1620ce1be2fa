import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useWords } from "../words/words";
import { IconButton } from "./IconButton";
import styles from "./Drawer.module.css";

interface DrawerProps {
  label: string;
  onClose: () => void;
  /** Previous and next, permalink: what stands beside the close button. */
  tools?: ReactNode;
  children: ReactNode;
}

/** Details beside the list, which stays in reach: not a dialog. On a narrow screen it covers the list. */
export function Drawer({ label, onClose, tools, children }: DrawerProps) {
  const { t } = useWords();
  const drawer = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const element = drawer.current;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) {
        event.stopPropagation();
        close.current();
      }
    };
    element?.addEventListener("keydown", onKey);
    return () => element?.removeEventListener("keydown", onKey);
  }, []);
  return (
    <aside className={styles.drawer} aria-label={label} ref={drawer}>
      <div className={styles.head}>
        <div className={styles.tools}>{tools}</div>
        <IconButton label={t("common.close")} shortcut="Esc" onPress={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      <div className={styles.body}>{children}</div>
    </aside>
  );
}
