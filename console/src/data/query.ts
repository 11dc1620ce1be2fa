import { QueryClient } from "@tanstack/react-query";

/** Reads are on record, so nothing is read again unless somebody asks: no refetch on focus, on reconnect or on mount. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // The client waits and tries again where the server says so.
      retry: false,
    },
    mutations: { retry: false },
  },
});
