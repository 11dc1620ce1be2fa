import { X } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Text } from "react-aria-components/Text";
import {
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components/Toast";
import { useWords } from "../words/words";
import styles from "./Toast.module.css";

interface Message {
  text: string;
  kind: "done" | "failed";
  /** What takes it back, or leads on. */
  action?: { label: string; run: () => void };
}

const queue = new ToastQueue<Message>({ maxVisibleToasts: 3 });

/** Says that something was done. What failed in a form is said in the form, not here. */
export function toast(message: Message, seconds = 10): void {
  queue.add(message, { timeout: seconds * 1000 });
}

/** Where the messages appear: once, at the bottom of the page. */
export function Toasts() {
  const { t } = useWords();
  return (
    <ToastRegion queue={queue} className={styles.region ?? ""} aria-label={t("common.messages")}>
      {({ toast: shown }) => (
        <Toast toast={shown} className={`${styles.toast} ${styles[shown.content.kind]}`}>
          <ToastContent className={styles.content ?? ""}>
            <Text slot="title">{shown.content.text}</Text>
          </ToastContent>
          {shown.content.action === undefined ? null : (
            <Button
              className={styles.action ?? ""}
              onPress={() => {
                shown.content.action?.run();
                queue.close(shown.key);
              }}
            >
              {shown.content.action.label}
            </Button>
          )}
          <Button slot="close" className={styles.close ?? ""} aria-label={t("common.close")}>
            <X size={14} aria-hidden />
          </Button>
        </Toast>
      )}
    </ToastRegion>
  );
}
