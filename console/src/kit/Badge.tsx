import type { ReactNode } from "react";
import styles from "./Badge.module.css";

interface BadgeProps {
  children: ReactNode;
  tone?: "plain" | "accent" | "good" | "warn" | "bad";
  icon?: ReactNode;
}

/** A word about a thing. Its colour says nothing that the word does not. */
export function Badge({ children, tone = "plain", icon }: BadgeProps) {
  return (
    <span className={`${styles.badge} ${styles[tone]}`}>
      {icon}
      {children}
    </span>
  );
}
