import type { Schema } from "./schema";

export type ProblemCode = Schema<"Problem">["code"] | "unreachable" | "unknown";

/** What was answered instead of a result (RFC 9457), or that nobody answered. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly at = new Date().toISOString();

  constructor(
    readonly code: ProblemCode,
    readonly status: number,
    readonly body: Partial<Schema<"Problem">> = {},
    readonly requestId: string | null = null,
  ) {
    super(body.detail ?? code);
  }

  /** The control that is wrong: the name of a query parameter, or the last part of a JSON Pointer. */
  get field(): string | undefined {
    return this.body.pointer?.split("/").at(-1) || undefined;
  }
}

/** Whether a text is a problem's; whatever else a proxy may have answered is not. */
function isBody(value: unknown): value is Schema<"Problem"> {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value;
}

export function problemOf(error: unknown, response: Response): Problem {
  const id = response.headers.get("x-request-id");
  return isBody(error)
    ? new Problem(error.code, response.status, error, id)
    : new Problem("unknown", response.status, {}, id);
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  return new Problem("unreachable", 0, { detail: error instanceof Error ? error.message : String(error) });
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
