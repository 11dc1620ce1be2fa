import type { ReactNode, Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Tooltip } from "./Tooltip";
import styles from "./Button.module.css";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children"> {
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
  /** One primary button a view; `danger` for what can't be undone; `quiet` beside other controls. */
  kind?: "primary" | "plain" | "quiet" | "danger";
  size?: "normal" | "small";
  icon?: ReactNode;
  /** Why it can't be pressed now. The button stays where it is and can be reached, so that the reason can be read. */
  reason?: string | undefined;
}

/** A button that does something; what leads somewhere is a link. */
export function Button({ kind = "plain", size = "normal", icon, reason, children, onPress, ...props }: ButtonProps) {
  const button = (
    <AriaButton
      {...props}
      {...(reason === undefined && onPress ? { onPress } : {})}
      {...(reason === undefined ? {} : { "aria-disabled": true, "data-disabled": true })}
      className={`${styles.button} ${styles[kind]} ${styles[size]}`}
    >
      {icon}
      <span className={styles.text}>{children}</span>
    </AriaButton>
  );
  return reason === undefined ? button : <Tooltip text={reason}>{button}</Tooltip>;
}
