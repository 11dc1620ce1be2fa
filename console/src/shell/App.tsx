import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
// From its own file: the package's index would bring every component along.
import { RouterProvider as LinkProvider } from "react-aria/private/utils/openLink";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { noteEarly } from "../data/early";
import { noteFresh } from "../data/fresh";
import { me } from "../data/me";
import { asProblem } from "../data/problem";
import { queryClient } from "../data/query";
import { readTenant, scope } from "../data/scope";
import { listen, registry } from "../keys/useShortcut";
import { Toasts } from "../kit/Toast";
import { beginLog } from "../pages/events/early";
import { router } from "../router";
import { choose, chooseKnown, type Language, load, type Messages } from "../words/languages";
import { WordsProvider } from "../words/words";
import { Failed } from "./Failed";
import { preferences, usePreferences } from "./preferences";

scope.tenant = readTenant(new URLSearchParams(window.location.search));

// Only where nobody has to know the tenant to know the language.
const known = chooseKnown(preferences().language, navigator.languages);
if (known !== undefined) {
  scope.language = known;
  beginLog(window.location);
}

/** The words of a language, once they are there; the ones before stay meanwhile. */
function useMessages(language: Language): { language: Language; messages: Messages } | undefined {
  const [loaded, setLoaded] = useState<{ language: Language; messages: Messages }>();
  useEffect(() => {
    let current = true;
    void load(language).then((messages) => {
      if (current) {
        setLoaded({ language, messages });
      }
    });
    return () => {
      current = false;
    };
  }, [language]);
  return loaded;
}

function Start() {
  const { language: own, singleKeys } = usePreferences();
  // The words are asked for by the browser's languages at once, beside the first request, not after it.
  const who = useQuery(me());
  const language = choose(own, navigator.languages, who.data?.data.tenant?.languages ?? []);
  // Whatever is asked for from here on is asked for in this language.
  // oxlint-disable-next-line react/immutability
  scope.language = language;
  const words = useMessages(language);
  useEffect(() => listen(), []);
  useEffect(() => {
    registry.singleKeys = singleKeys;
  }, [singleKeys]);
  useEffect(() => noteFresh(who.data?.complete_until), [who.data]);
  useEffect(() => {
    if (who.data !== undefined) {
      const { tenant, permissions } = who.data.data;
      noteEarly(tenant !== null && tenant.plan.features.log && permissions.includes("read_log"));
    }
  }, [who.data]);
  useEffect(() => {
    if (words !== undefined) {
      document.documentElement.lang = words.language;
    }
  }, [words]);
  if (words === undefined || (who.isPending && !who.isError)) {
    return null;
  }
  return (
    <I18nProvider locale={{ en: "en-GB", ru: "ru-RU", cs: "cs-CZ" }[words.language]}>
      <WordsProvider language={words.language} messages={words.messages}>
        {who.isError ? (
          <Failed problem={asProblem(who.error)} onRetry={() => void who.refetch()} />
        ) : (
          <LinkProvider navigate={(href) => void router.navigate({ href })}>
            <RouterProvider router={router} />
          </LinkProvider>
        )}
        <Toasts />
      </WordsProvider>
    </I18nProvider>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Start />
    </QueryClientProvider>
  );
}
