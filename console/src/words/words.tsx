import { createContext, type ReactNode, useContext, useMemo } from "react";
import { RawIntlProvider, useIntl } from "react-intl";
import { build, type Language, type Messages, type WordKey } from "./languages";

/** What a message is filled with. */
export type Values = Record<string, string | number>;

export interface Words {
  /** The message in the reader's language. */
  t: (key: WordKey, values?: Values) => string;
  /** The message for a word of the API, or the word itself where the console has none for it. */
  known: (prefix: string, word: string) => string;
  locale: Language;
}

const Known = createContext<Messages>({});

interface WordsProviderProps {
  language: Language;
  messages: Messages;
  children: ReactNode;
}

export function WordsProvider({ language, messages, children }: WordsProviderProps) {
  const intl = useMemo(() => build(language, messages), [language, messages]);
  return (
    <Known value={messages}>
      <RawIntlProvider value={intl}>{children}</RawIntlProvider>
    </Known>
  );
}

/** The console's words. Sentences about events come from the server, in the same language. */
export function useWords(): Words {
  const intl = useIntl();
  const messages = useContext(Known);
  return useMemo(() => {
    const language: Language = intl.locale === "ru" || intl.locale === "cs" ? intl.locale : "en";
    return {
      t: (id, values) => intl.formatMessage({ id }, values),
      known: (prefix, word) =>
        `${prefix}.${word}` in messages ? intl.formatMessage({ id: `${prefix}.${word}` }) : word,
      locale: language,
    };
  }, [intl, messages]);
}
