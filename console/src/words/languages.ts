import { createIntl, createIntlCache, type IntlShape, type MessageFormatElement } from "react-intl";
import type charts from "./en/charts.json";
import type common from "./en/common.json";
import type events from "./en/events.json";
import type keys from "./en/keys.json";
import type list from "./en/list.json";
import type objects from "./en/objects.json";
import type problems from "./en/problems.json";
import type setup from "./en/setup.json";
import type shell from "./en/shell.json";
import type time from "./en/time.json";
import type user from "./en/user.json";
import type users from "./en/users.json";
import type violations from "./en/violations.json";

/** Every message of the console, by the file of its area. */
export type WordKey = keyof (typeof charts &
  typeof common &
  typeof events &
  typeof keys &
  typeof list &
  typeof objects &
  typeof problems &
  typeof setup &
  typeof shell &
  typeof time &
  typeof user &
  typeof users &
  typeof violations);

export const languages = ["en", "ru", "cs"] as const;

export type Language = (typeof languages)[number];

/** Each language by its own name, so that whoever ended up in a wrong one finds the way back. */
export const languageNames: Record<Language, string> = { en: "English", ru: "Русский", cs: "Čeština" };

export type Messages = Record<string, MessageFormatElement[] | string>;

export function isLanguage(text: string): text is Language {
  return languages.some((language) => language === text);
}

/** One language is loaded, the one that is read. */
export async function load(language: Language): Promise<Messages> {
  switch (language) {
    case "ru":
      return (await import("virtual:words/ru")).default;
    case "cs":
      return (await import("virtual:words/cs")).default;
    case "en":
      return (await import("virtual:words/en")).default;
  }
}

/** Own choice, else the first of the browser's that the console has, else the tenant's first. */
export function choose(own: string | undefined, browser: readonly string[], tenant: readonly string[]): Language {
  return chooseKnown(own, [...browser, ...tenant]) ?? "en";
}

/** The same, as far as it is known without the tenant. */
export function chooseKnown(own: string | undefined, others: readonly string[]): Language | undefined {
  const wanted = [...(own === undefined ? [] : [own]), ...others];
  for (const tag of wanted) {
    const [language] = tag.toLowerCase().split("-");
    if (language !== undefined && isLanguage(language)) {
      return language;
    }
  }
  return undefined;
}

/** Messages that are nothing but text arrive as text; the formatter takes trees alone, because it has no parser with it. */
export function build(language: Language, messages: Messages): IntlShape {
  const trees = Object.fromEntries(
    Object.entries(messages).map(([key, message]) => [
      key,
      typeof message === "string" ? [{ type: 0 as const, value: message }] : message,
    ]),
  );
  return createIntl(
    {
      // The day stands first in all three languages, as `time/` has it.
      locale: language,
      messages: trees,
      onError: (error) => {
        throw error;
      },
    },
    createIntlCache(),
  );
}
