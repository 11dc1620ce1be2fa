import { useRouter } from "@tanstack/react-router";
import { type MouseEvent, useCallback } from "react";

/** The address that a click leads to within the console; nothing where the browser should follow it itself. */
export function followed(event: MouseEvent): string | undefined {
  const { target } = event;
  const link = target instanceof Element ? target.closest("a") : null;
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (link === null || !plain || event.defaultPrevented || link.target !== "" || link.hasAttribute("download")) {
    return undefined;
  }
  const { origin, pathname, search, hash } = new URL(link.href);
  const own = origin === window.location.origin && hash === "" && !/^\/(v1|sign-in|session)(\/|$)/.test(pathname);
  return own ? pathname + search : undefined;
}

/** Rows have plain links, which cost nothing; what leads to another page of the console opens without loading it anew. */
export function useLinks(): (event: MouseEvent) => void {
  const router = useRouter();
  return useCallback(
    (event) => {
      const href = followed(event);
      if (href !== undefined) {
        event.preventDefault();
        void router.navigate({ href });
      }
    },
    [router],
  );
}
