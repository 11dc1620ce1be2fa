/** The console's words as its readers see them, so that tests look for what a person would look for. */
import { fileURLToPath } from "node:url";
import { createIntl, createIntlCache } from "react-intl";
import type { Language, WordKey } from "../../src/words/languages";
import { read } from "../../tools/words";

export type { Language, WordKey };

export type Translate = (key: WordKey, values?: Record<string, string | number>) => string;

const folder = fileURLToPath(new URL("../../src/words", import.meta.url));
const known = new Map<Language, Translate>();

/** All messages of a language as they are written. */
export function messagesOf(language: Language): Record<string, string> {
  return read(folder, language);
}

/** Says a message in a language. */
export function wordsOf(language: Language): Translate {
  const before = known.get(language);
  if (before !== undefined) {
    return before;
  }
  const intl = createIntl({ locale: language, messages: messagesOf(language) }, createIntlCache());
  const translate: Translate = (id, values) => {
    if (!(id in intl.messages)) {
      throw new Error(`${language} has no ${id}`);
    }
    return intl.formatMessage({ id }, values);
  };
  known.set(language, translate);
  return translate;
}
