import { useLocation, useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { toSearch } from "./paths";

export type Search = Readonly<Record<string, string>>;

/** Search params are flat texts under the API's own names, so that an address of the console differs from the API's by its path alone. */
export function parseSearch(text: string): Record<string, string> {
  const search: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    // The API takes `types=a,b`; an address that names a param twice means the same.
    search[name] = name in search && search[name] !== "" ? `${search[name]},${value}` : value;
  }
  return search;
}

/** What the router hands over is flat already; anything else is none of ours. */
export function flat(search: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

export interface Address {
  path: string;
  search: Search;
  /** A step that Back undoes: what was applied, narrowed, sorted. */
  push: (search: Search) => void;
  /** No step of its own: the open row, the columns. */
  replace: (search: Search) => void;
  go: (href: string) => void;
}

/** Where the reader is; the address is the state. */
export function useAddress(): Address {
  const router = useRouter();
  const path = useLocation({ select: ({ pathname }) => pathname });
  const text = useLocation({ select: ({ searchStr }) => searchStr });
  return useMemo(() => {
    const navigate = (href: string, replace: boolean) => void router.navigate({ href, replace });
    return {
      path,
      search: parseSearch(text),
      push: (search) => navigate(path + toSearch(search), false),
      replace: (search) => navigate(path + toSearch(search), true),
      go: (href) => navigate(href, false),
    };
  }, [router, path, text]);
}
