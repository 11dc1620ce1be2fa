/** Whether a page says everything in its language: what it says itself, beside the data that it shows. */
import type { Page, Response } from "@playwright/test";
import { type Language, messagesOf } from "./words";

/** What the server answered while a page was opened, and in which languages it was asked. */
export interface Heard {
  /** Words of any text that came from it: data, and its own sentences. */
  words: Set<string>;
  languages: Set<string>;
}

const word = /\p{L}[\p{L}\p{M}'’]*/gu;

const wordsIn = (text: string): string[] => text.match(word) ?? [];

/** Listens from now on. */
export function heard(page: Page): Heard {
  const words = new Set<string>();
  const languages = new Set<string>();
  page.on("response", (response: Response) => {
    if (!new URL(response.url()).pathname.startsWith("/v1/")) {
      return;
    }
    languages.add(response.request().headers()["accept-language"] ?? "none");
    for (const one of wordsIn(response.url())) {
      words.add(one.toLowerCase());
    }
    response
      .text()
      .then((text) => wordsIn(text).forEach((one) => words.add(one.toLowerCase())))
      // A page that was left before its answer came.
      .catch(() => {});
  });
  return { words, languages };
}

/** The same in every language: names of things and of keys. */
const international = new Set(
  (
    "usertrail api ip csv xlsx pdf ndjson parquet json sql curl utc gmt url id cookie cookies db enter esc escape shift ctrl " +
    "tab typescript python english čeština русский europe prague moscow america new york dead letter ut pointer " +
    "user agent j k e n u x b p o f t c z d y g v"
  ).split(" "),
);

/** What readers see or hear: texts, names, hints, placeholders. */
async function texts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all: string[] = [document.title];
    // Data as it was sent stands as it is: code, and what is marked as another language's.
    const apart = "code,pre,kbd,[lang]:not(html),script,style";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node: Node | null = walker.currentNode; node !== null; node = walker.nextNode()) {
      if (node instanceof Text) {
        if (node.parentElement?.closest(apart) === null) {
          all.push(node.data);
        }
      } else if (node instanceof Element && node.closest(apart) === null) {
        for (const name of ["aria-label", "title", "placeholder", "alt", "aria-roledescription"]) {
          all.push(node.getAttribute(name) ?? "");
        }
      }
    }
    return all.map((text) => text.trim()).filter((text) => text !== "");
  });
}

/** What is said in another language, or is a name of a message instead of one. */
export async function foreign(page: Page, language: Language, { words }: Heard): Promise<string[]> {
  const own = messagesOf(language);
  const english = messagesOf("en");
  const keys = new Set(Object.keys(own));
  const plain = new Set(
    Object.entries(english)
      .filter(([key, text]) => !text.includes("{") && own[key] !== text && /\p{L}{3}/u.test(text))
      .map(([, text]) => text),
  );
  const owned = new Set(Object.values(own));
  const found = new Set<string>();
  for (const text of await texts(page)) {
    if (keys.has(text)) {
      found.add(`name of a message: ${text}`);
    }
    if (language === "en") {
      continue;
    }
    if (plain.has(text) && !owned.has(text) && !wordsIn(text).every((one) => words.has(one.toLowerCase()))) {
      found.add(`English: ${text}`);
    }
    if (language === "ru") {
      const latin = wordsIn(text).filter(
        (one) =>
          /^\p{Script=Latin}/u.test(one) && !words.has(one.toLowerCase()) && !international.has(one.toLowerCase()),
      );
      if (latin.length > 0) {
        found.add(`not Russian (${latin.join(", ")}): ${text}`);
      }
    }
  }
  return [...found];
}
