import type { ReactNode } from "react";
import { Button, type ButtonProps } from "react-aria-components/Button";
import { Tooltip } from "./Tooltip";
import styles from "./IconButton.module.css";

interface IconButtonProps extends Omit<ButtonProps, "className" | "style" | "children" | "aria-label"> {
  /** What it does, for readers and on hover. */
  label: string;
  /** The key that does the same, shown beside the label. */
  shortcut?: string | undefined;
  children: ReactNode;
  pressed?: boolean;
  /** Within a line of text, which it must not make higher. */
  small?: boolean;
}

/** A button that shows nothing but an icon, and has a name all the same. */
export function IconButton({ label, shortcut, children, pressed, small, ...props }: IconButtonProps) {
  return (
    <Tooltip text={label} shortcut={shortcut}>
      <Button
        {...props}
        aria-label={label}
        {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
        className={`${styles.button} ${small === true ? styles.small : ""}`}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
