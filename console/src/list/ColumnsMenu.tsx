import { ArrowDown, ArrowUp, Columns3 } from "lucide-react";
import { useRef } from "react";
import { useShortcut } from "../keys/useShortcut";
import { Button } from "../kit/Button";
import { Checkbox } from "../kit/Checkbox";
import { IconButton } from "../kit/IconButton";
import { Popover } from "../kit/Popover";
import { useWords } from "../words/words";
import type { Columns } from "./useColumns";
import styles from "./ColumnsMenu.module.css";

/** Which columns are shown and in which order; by buttons, so that nobody has to drag. */
export function ColumnsMenu<Row>({ columns }: { columns: Columns<Row> }) {
  const { t } = useWords();
  const { shown, all, set, reset, isOwn } = columns;
  const button = useRef<HTMLButtonElement>(null);
  const ids = shown.map(({ id }) => id);
  useShortcut("columns", () => button.current?.click());
  const move = (id: string, step: number) => {
    const at = ids.indexOf(id);
    const next = ids.filter((other) => other !== id);
    next.splice(at + step, 0, id);
    set(next);
  };
  return (
    <Popover
      label={t("list.columns")}
      placement="bottom end"
      trigger={
        <Button ref={button} kind="quiet" size="small" icon={<Columns3 size={14} aria-hidden />}>
          {t("list.columns")}
        </Button>
      }
    >
      <ul className={styles.list}>
        {all.map(({ id, label }) => {
          const at = ids.indexOf(id);
          return (
            <li key={id} className={styles.item}>
              <Checkbox
                isSelected={at >= 0}
                isDisabled={at >= 0 && ids.length === 1}
                onChange={(on) => set(on ? [...ids, id] : ids.filter((other) => other !== id))}
              >
                {t(label)}
              </Checkbox>
              {at < 0 ? null : (
                <span className={styles.moves}>
                  <IconButton
                    label={t("list.move_up", { name: t(label) })}
                    isDisabled={at === 0}
                    onPress={() => move(id, -1)}
                  >
                    <ArrowUp size={14} aria-hidden />
                  </IconButton>
                  <IconButton
                    label={t("list.move_down", { name: t(label) })}
                    isDisabled={at === ids.length - 1}
                    onPress={() => move(id, 1)}
                  >
                    <ArrowDown size={14} aria-hidden />
                  </IconButton>
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <div className={styles.foot}>
        <Button kind="quiet" size="small" isDisabled={!isOwn} onPress={reset}>
          {t("list.reset")}
        </Button>
      </div>
    </Popover>
  );
}
