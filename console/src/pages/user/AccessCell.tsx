import { useQuery } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { useMe } from "../../data/me";
import { type Access, access as decisionOf, type UserDevice } from "../../data/users";
import { AccessMark } from "../../fields/devices";
import { Button } from "../../kit/Button";
import { useZones } from "../../kit/clock";
import { Menu } from "../../kit/Menu";
import { formatDateMinute } from "../../time/format";
import { useWords } from "../../words/words";
import styles from "./User.module.css";

/** What somebody wants to decide about a device; `back` takes the decision back. */
export interface Asked {
  row: UserDevice;
  what: Access | "back";
}

interface AccessCellProps {
  row: UserDevice;
  access: Access;
  may: boolean;
  onAsk: (asked: Asked) => void;
}

/** Whether the device may in, and the button that changes it. */
export function AccessCell({ row, access, may, onAsk }: AccessCellProps) {
  const { t } = useWords();
  // What has no id can't be told from others, so nothing can be decided about it.
  const known = row.id !== undefined && row.id !== "";
  return (
    <span className={styles.access}>
      <AccessMark access={access} />
      {known && may ? (
        <Menu
          label={t("user.access.change")}
          trigger={
            <Button size="small" kind="quiet" icon={<ChevronDown size={14} aria-hidden />}>
              <span className="hidden-visually">{t("user.access.change")}</span>
            </Button>
          }
          groups={[
            {
              id: "decide",
              entries: (["allow", "block", "ask"] as const).map((what) => ({
                id: what,
                label: t(`user.access.do.${what}`),
                isSelected: what === access,
                onAction: () => onAsk({ row, what }),
              })),
            },
            {
              id: "back",
              entries: [
                { id: "back", label: t("user.access.take_back"), onAction: () => onAsk({ row, what: "back" }) },
              ],
            },
          ]}
        />
      ) : null}
    </span>
  );
}

interface DecidedCellProps {
  userId: string;
  row: UserDevice;
  access: Access;
  /** Decided on this page: asked about even where the device may in. */
  fresh: boolean;
}

/** Who decided about a device, when and why. It is read where something was decided alone. */
export function DecidedCell({ userId, row, access, fresh }: DecidedCellProps) {
  const { t, locale } = useWords();
  const { who } = useMe();
  const { zone } = useZones();
  const asks = row.id !== undefined && row.id !== "" && (fresh || access !== "allow");
  const { data } = useQuery({ ...decisionOf(userId, row.id ?? ""), enabled: asks });
  if (!asks || data?.decided_at === null || data === undefined) {
    return <span className="muted">{asks && data === undefined ? "" : t("user.access.undecided")}</span>;
  }
  const at = formatDateMinute(data.decided_at, { locale, zone });
  const by = data.decided_by ?? "";
  // Keys are told by their ids; of one's own the name is known.
  const staff = by === who.id && who.name !== "" ? who.name : by;
  const whom = by.startsWith("rule:")
    ? t("user.access.by_rule", { rule: by.slice("rule:".length), at })
    : t("user.access.by_staff", { who: staff, at });
  const text = data.reason === "" ? whom : `${whom}: ${data.reason}`;
  return <span title={text}>{text}</span>;
}
