import type { ReactElement } from "react";
import { Tooltip as AriaTooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import styles from "./Tooltip.module.css";

interface TooltipProps {
  text: string;
  shortcut?: string | undefined;
  children: ReactElement;
}

/** Words that appear on hover and focus, stay while they are pointed at, and go with Esc. */
export function Tooltip({ text, shortcut, children }: TooltipProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={100}>
      {children}
      <AriaTooltip className={styles.tooltip ?? ""} offset={6}>
        {text}
        {shortcut === undefined ? null : <kbd className={styles.key}>{shortcut}</kbd>}
      </AriaTooltip>
    </TooltipTrigger>
  );
}
