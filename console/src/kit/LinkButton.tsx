import type { ReactNode } from "react";
import { Link, type LinkProps } from "react-aria-components/Link";
import styles from "./Button.module.css";

interface LinkButtonProps extends Omit<LinkProps, "className" | "style" | "children"> {
  children: ReactNode;
  kind?: "primary" | "plain" | "quiet";
  size?: "normal" | "small";
  icon?: ReactNode;
}

/** A link that stands where buttons stand. */
export function LinkButton({ kind = "plain", size = "normal", icon, children, ...props }: LinkButtonProps) {
  return (
    <Link {...props} className={`${styles.button} ${styles[kind]} ${styles[size]}`}>
      {icon}
      <span className={styles.text}>{children}</span>
    </Link>
  );
}
