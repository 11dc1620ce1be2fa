/** What a page may never do, whatever is tested: say anything on the console, break its policy, fail, or ask elsewhere. */
import type { BrowserContext, ConsoleMessage } from "@playwright/test";

export interface Watch {
  /** What was seen that may not be. */
  seen: string[];
  /** A refusal that the test is about: the browser notes failed requests by itself. */
  expect: (status: number, path: RegExp) => void;
}

const failedRequest = /^Failed to load resource: the server responded with a status of (\d+)/;

/** Watches every page of a browser's context. */
export function watch(context: BrowserContext, origin: string): Watch {
  const seen: string[] = [];
  const expected: { status: number; path: RegExp }[] = [];
  const isExpected = (message: ConsoleMessage): boolean => {
    const status = failedRequest.exec(message.text())?.[1];
    const { url } = message.location();
    return status !== undefined && expected.some((known) => known.status === Number(status) && known.path.test(url));
  };
  context.on("console", (message) => {
    if (!isExpected(message)) {
      seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  context.on("weberror", (error) => seen.push(`error: ${error.error().stack ?? error.error().message}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:" && url.protocol !== "blob:") {
      seen.push(`request off the origin: ${request.url()}`);
    }
  });
  return { seen, expect: (status, path) => expected.push({ status, path }) };
}
