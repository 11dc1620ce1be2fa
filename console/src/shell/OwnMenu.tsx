import { LogOut } from "lucide-react";
import type { ReactElement } from "react";
import { useMe } from "../data/me";
import { queryClient } from "../data/query";
import { signOut } from "../data/session";
import { Menu } from "../kit/Menu";
import { languageNames, languages } from "../words/languages";
import { useWords } from "../words/words";
import { prefer, usePreferences } from "./preferences";

/** What somebody chose for this browser, and the way out. */
export function OwnMenu({ trigger }: { trigger: ReactElement }) {
  const { t, locale } = useWords();
  const { who, version } = useMe();
  const own = usePreferences();
  return (
    <Menu
      label={t("shell.menu")}
      trigger={trigger}
      groups={[
        {
          id: "language",
          title: t("shell.language"),
          entries: languages.map((language) => ({
            id: language,
            label: languageNames[language],
            isSelected: language === locale,
            onAction: () => {
              prefer({ language });
              // Sentences come from the server in the language they were asked in.
              queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" });
            },
          })),
        },
        {
          id: "theme",
          title: t("shell.theme"),
          entries: (["system", "light", "dark"] as const).map((theme) => ({
            id: theme,
            label: t(`shell.theme.${theme}`),
            isSelected: own.theme === theme,
            onAction: () => prefer({ theme }),
          })),
        },
        {
          id: "density",
          title: t("shell.density"),
          entries: (["compact", "normal", "roomy"] as const).map((density) => ({
            id: density,
            label: t(`shell.density.${density}`),
            isSelected: own.density === density,
            onAction: () => prefer({ density }),
          })),
        },
        {
          id: "own",
          title: who.name || who.id,
          entries: [
            {
              id: "keys",
              label: t("shell.single_keys"),
              isSelected: own.singleKeys,
              onAction: () => prefer({ singleKeys: !own.singleKeys }),
            },
            {
              id: "out",
              label: t("shell.sign_out"),
              hint: t("shell.version", { version }),
              icon: <LogOut size={14} aria-hidden />,
              onAction: () => void signOut(),
            },
          ],
        },
      ]}
    />
  );
}
