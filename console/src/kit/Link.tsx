import type { ReactNode } from "react";
import { Link as AriaLink, type LinkProps as AriaLinkProps } from "react-aria-components/Link";

interface LinkProps extends Omit<AriaLinkProps, "className" | "style" | "children"> {
  children: ReactNode;
  className?: string | undefined;
}

/** A link within the console; one that leaves it opens a new tab and says nothing of where it came from. */
export function Link({ className, ...props }: LinkProps) {
  return <AriaLink {...props} className={className ?? ""} />;
}

/** A link out of the console, to the tenant's own application. */
export function ExternalLink({ href, children, className }: { href: string; children: ReactNode; className?: string }) {
  return (
    <a href={href} target="_blank" rel="noreferrer noopener" className={className}>
      {children}
    </a>
  );
}
