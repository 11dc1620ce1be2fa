import createClient from "openapi-fetch";
import { begin, takeBegun } from "./early";
import { Problem, problemOf } from "./problem";
import { Queue } from "./queue";
import type { Paths } from "./schema";
import { scope } from "./scope";
import { pause, secondsToWait } from "./waiting";

const queue = new Queue(4);
const attempts = 3;
/** Nobody waits longer than this for a page; the server's number is shown instead. */
const patience = 30;

/** Where somebody whose session ended signs in, to come back to the same address. */
export function signInAddress(here: Location): string {
  return `/sign-in?next=${encodeURIComponent(here.pathname + here.search)}`;
}

/** Sends a request with the session's cookie; reads wait as the server asks them to, up to three times. */
async function send(request: Request): Promise<Response> {
  const { signal } = request;
  for (let attempt = 0; ; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- attempts come after each other
    const response = await queue.run(signal, () => fetch(request.method === "GET" ? request.clone() : request));
    const busy = response.status === 429 || response.status === 503;
    if (!busy || request.method !== "GET" || attempt + 1 >= attempts) {
      return response;
    }
    const seconds = secondsToWait(response.headers.get("retry-after"), attempt, Date.now());
    if (seconds > patience) {
      return response;
    }
    // oxlint-disable-next-line no-await-in-loop -- see above
    await pause(seconds, signal);
  }
}

export const api = createClient<Paths, "application/json">({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  fetch: send,
  querySerializer: { array: { style: "form", explode: false } },
});

api.use({
  async onRequest({ request }) {
    request.headers.set("accept-language", scope.language);
    const url = new URL(request.url);
    if (scope.tenant === undefined || url.pathname === "/v1/tenants") {
      return request;
    }
    url.searchParams.set("tenant", scope.tenant);
    const { method, headers, signal, credentials } = request;
    // A body that is handed on as a stream needs HTTP/2, which the server may not speak; as text it is sent by any.
    const body = method === "GET" ? null : await request.text();
    return new Request(url, { method, headers, signal, credentials, body: body === "" ? null : body });
  },
});

/** The data of an answer, or a `Problem`. A session that ended leads to the sign-in. */
export async function result<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) {
    return data as T;
  }
  if (response.status === 401) {
    window.location.assign(signInAddress(window.location));
    // The page is on its way out; nothing may flicker meanwhile.
    await new Promise(() => {});
  }
  throw problemOf(error, response);
}

/** Reads a list by the filter as the address has it: both have the API's names and forms. */
export async function read<T>(path: string, query: Record<string, string>, signal: AbortSignal): Promise<T> {
  const search = new URLSearchParams(query);
  const early = takeBegun(`${path}?${search}`);
  if (early !== undefined) {
    return early as Promise<T>;
  }
  const get = api.GET as unknown as (
    path: string,
    init: { signal: AbortSignal },
  ) => Promise<{ data?: T; error?: unknown; response: Response }>;
  return result(get(`${path}${search.size === 0 ? "" : `?${search}`}`, { signal }));
}

/** Begins to read a list before anybody shows it. */
export function readEarly(path: string, query: Record<string, string>): void {
  begin(`${path}?${new URLSearchParams(query)}`, read(path, query, new AbortController().signal));
}

export { Problem };
