import { Info } from "lucide-react";
import { useMemo, useState } from "react";
import { useMay } from "../../data/me";
import type { Access, DevicePage, UserDevice } from "../../data/users";
import { deviceName } from "../../fields/device";
import { type DeviceCells, deviceFields } from "../../fields/devices";
import { joinList } from "../../fields/schemas";
import { PlaceLicence } from "../../kit/PlaceLicence";
import { ListFrame } from "../../list/ListFrame";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { AccessCell, type Asked, DecidedCell } from "./AccessCell";
import { DeviceDialog } from "./DeviceDialog";
import { useReadPage } from "./reading";
import styles from "./User.module.css";

/** Access as the list has read it, with what was decided on this page over it. */
function cellsOf(
  userId: string,
  may: boolean,
  decided: ReadonlyMap<string, Access>,
  onAsk: (asked: Asked) => void,
): DeviceCells {
  const accessOf = (row: UserDevice) => decided.get(row.id ?? "") ?? row.access;
  return {
    access: (row) => <AccessCell row={row} access={accessOf(row)} may={may} onAsk={onAsk} />,
    decided: (row) => (
      <DecidedCell userId={userId} row={row} access={accessOf(row)} fresh={decided.has(row.id ?? "")} />
    ),
  };
}

/** The devices that signed in to the account, each with its access to the platform. */
export function Devices({ id }: { id: string }) {
  const words = useWords();
  const { t } = words;
  const may = useMay("manage_access");
  const path = `/v1/users/${encodeURIComponent(id)}/devices`;
  const read = useReadPage<UserDevice, DevicePage>(path);
  const [asked, setAsked] = useState<Asked | null>(null);
  // What was decided here stands over what the list has read.
  const [decided, setDecided] = useState<ReadonlyMap<string, Access>>(new Map());
  const fields = useMemo(() => deviceFields(cellsOf(id, may, decided, setAsked)), [decided, id, may]);
  return (
    <>
      <ListFrame
        bare
        fields={fields}
        title={t("user.sub.devices")}
        path={path}
        read={read}
        hrefOf={(row) => paths.events({ actor_id: joinList([id]), device_id: joinList([row.id ?? ""]) })}
        banner={
          <p className={styles.banner}>
            <Info size={14} aria-hidden />
            <span className={styles.bannerText}>{t("user.devices_note")}</span>
            <PlaceLicence />
          </p>
        }
        nothing={{ title: t("user.devices_empty"), text: t("user.devices_empty_text") }}
      />
      {asked === null ? null : (
        <DeviceDialog
          userId={id}
          asked={asked}
          name={deviceName(asked.row, words)}
          onClose={() => setAsked(null)}
          onDecided={(access) => setDecided((before) => new Map([...before, [asked.row.id ?? "", access]]))}
        />
      )}
    </>
  );
}
