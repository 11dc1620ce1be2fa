import { registry } from "../keys/useShortcut";
import { SHORTCUT_IDS, SHORTCUTS, type Shortcut } from "../keys/shortcuts";
import { Dialog } from "../kit/Dialog";
import { Switch } from "../kit/Switch";
import { useWords } from "../words/words";
import { prefer, usePreferences } from "./preferences";
import styles from "./Help.module.css";

const scopes = ["everywhere", "list", "triage"] as const;

function Keys({ shortcut }: { shortcut: Shortcut }) {
  return (
    <span className={styles.keys}>
      {shortcut.keys.map((keys) => (
        <span key={keys}>
          {keys.split(" ").map((key) => (
            <kbd key={key} className={styles.key}>
              {key.replace("Arrow", "").replace("Escape", "Esc")}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
}

/** All keys, by where they are of use; those that nothing on this page listens to are grey. */
export function Help({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useWords();
  const { singleKeys } = usePreferences();
  return (
    <Dialog title={t("shell.shortcuts")} isOpen={isOpen} onClose={onClose} wide>
      <div className={styles.columns}>
        {scopes.map((scope) => (
          <section key={scope}>
            <h3>{t(`shell.shortcuts_scope.${scope}`)}</h3>
            <dl className={styles.list}>
              {SHORTCUT_IDS.filter((id) => SHORTCUTS[id].scope === scope).map((id) => (
                <div key={id} className={`${styles.row} ${registry.has(id) ? "" : styles.unused}`}>
                  <dt>{t(`keys.${id}`)}</dt>
                  <dd>
                    <Keys shortcut={SHORTCUTS[id]} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch isSelected={singleKeys} onChange={(on) => prefer({ singleKeys: on })}>
        {t("shell.single_keys")}
      </Switch>
      <p className="muted">{singleKeys ? t("shell.shortcuts_hint") : t("shell.shortcuts_off")}</p>
    </Dialog>
  );
}
