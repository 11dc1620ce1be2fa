import { type ReactNode, useEffect, useRef } from "react";
import { announce } from "./announce";
import styles from "./PageHead.module.css";

interface PageHeadProps {
  title: string;
  /** What tells this tab from others: the applied filter in words, a name. It stands before the title of the tab. */
  detail?: string;
  /** Beside the title: marks, states. */
  marks?: ReactNode;
  /** Under the title. */
  meta?: ReactNode;
  /** At the right. */
  actions?: ReactNode;
}

/** The first page was opened by the browser, which puts the focus itself. */
let moved = false;

/** The head of every page. When a page is opened its title has the focus, so that readers begin where the page does. */
export function PageHead({ title, detail, marks, meta, actions }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = [detail, title, "usertrail"].filter((part) => part !== undefined && part !== "").join(" · ");
  }, [title, detail]);
  useEffect(() => {
    if (moved) {
      heading.current?.focus({ preventScroll: true });
      announce(title);
    }
    moved = true;
  }, [title]);
  return (
    <header className={styles.head}>
      <div className={styles.main}>
        <div className={styles.titles}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {marks}
        </div>
        {meta === undefined ? null : <div className={styles.meta}>{meta}</div>}
      </div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
