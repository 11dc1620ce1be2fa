import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useWords } from "../words/words";
import { IconButton } from "./IconButton";
import styles from "./Overlay.module.css";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** The buttons, the one that acts last. */
  actions?: ReactNode;
  wide?: boolean;
  /** What destroys or blocks is asked as an alert. */
  alert?: boolean;
}

/** A question over the page. Esc and a click beside it close it; focus goes back to what opened it. */
export function Dialog({ title, isOpen, onClose, children, actions, wide, alert }: DialogProps) {
  const { t } = useWords();
  return (
    <ModalOverlay
      className={styles.scrim ?? ""}
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => {
        if (!open) {
          onClose();
        }
      }}
    >
      <Modal className={`${styles.dialog} ${wide === true ? styles.wide : ""}`}>
        <AriaDialog className={styles.inner ?? ""} role={alert === true ? "alertdialog" : "dialog"}>
          <div className={styles.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton label={t("common.close")} onPress={onClose}>
              <X size={16} aria-hidden />
            </IconButton>
          </div>
          <div className={styles.body}>{children}</div>
          {actions === undefined ? null : <div className={styles.foot}>{actions}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
