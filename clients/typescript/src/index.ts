/**
 * A typed client of usertrail's HTTP API. `schema.d.ts` is generated from the OpenAPI document; what is here adds what a
 * document can't say: how to authenticate, how to read a list to its end, and how to follow the log.
 */
import createClient, { type Client as Typed } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

/** A schema of the API, by its name: `Schema<"Event">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Every operation of the API, by method and path, answered in JSON: files are for `fetch`. */
export type Client = Typed<paths, "application/json">;

/** Where the API is, and who asks. */
export interface Options {
  /** For example `https://usertrail.example.com`. A page that the installation itself serves has its own origin. */
  baseUrl: string;
  /**
   * An API key (`ut_…`). The tenant and the role come from it. Without one a browser sends its session's cookie, to the page's own
   * origin alone.
   */
  key?: string;
  /** The tenant to read, added to each request: for those of the platform, who belong to none. */
  tenant?: string;
}

/** What the API answers instead of a result (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";

  constructor(readonly problem: Schema<"Problem">) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
  }
}

/** A client. Its calls answer `{ data }` or `{ error }`; `result` makes an exception of the latter. */
export function connect({ baseUrl, key, tenant }: Options): Client {
  const client = createClient<paths, "application/json">({
    baseUrl,
    ...(key === undefined ? { credentials: "same-origin" as const } : { headers: { authorization: `Bearer ${key}` } }),
    // The API takes `types=a,b`.
    querySerializer: { array: { style: "form", explode: false } },
  });
  if (tenant !== undefined) {
    client.use({ onRequest: ({ request }) => new Request(ofTenant(request.url, tenant), request) });
  }
  return client;
}

/** An address with the tenant to read, for links and downloads as well; the one that it names already stays. */
export function ofTenant(url: string, tenant: string): string {
  const [, before = "", query = "", fragment = ""] = /^([^?#]*)\??([^#]*)(.*)$/s.exec(url) ?? [];
  const named = query.split("&").some((pair) => pair.startsWith("tenant="));
  const pairs = named ? query : [query, `tenant=${encodeURIComponent(tenant)}`].filter(Boolean).join("&");
  return `${before}${pairs && `?${pairs}`}${fragment}`;
}

/** The data of an answer, or an `ApiProblem`. */
export async function result<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok && data !== undefined) {
    return data;
  }
  throw isProblem(error) ? new ApiProblem(error) : new Error(`${response.status} ${response.statusText}`);
}

function isProblem(error: unknown): error is Schema<"Problem"> {
  return typeof error === "object" && error !== null && "code" in error && "detail" in error;
}

/** A page of any list. */
export interface Page<T> {
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
}

/**
 * All rows of a list, page by page. `read` asks for the page at a cursor; the filter must be the same each time:
 *
 *     for await (const event of rows((cursor) => result(client.GET("/v1/events", { params: { query: { cursor } } })))) …
 */
export async function* rows<T>(read: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  for (;;) {
    const page = await read(cursor);
    yield* page.data;
    if (!page.has_more || page.next_cursor === null) {
      return;
    }
    cursor = page.next_cursor;
  }
}
