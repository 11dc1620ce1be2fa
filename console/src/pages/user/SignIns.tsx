import { useAddress } from "../../address";
import { type User, unreviewedOf } from "../../data/users";
import { Tabs } from "../../kit/Tabs";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { Devices } from "./Devices";
import { History } from "./History";
import { Restrictions } from "./Restrictions";

const TABS = ["history", "devices", "restrictions"] as const;

/** Sign-in history, devices and restriction history: three views of how a person got in. */
export default function SignIns({ user }: { user: User }) {
  const { t } = useWords();
  const { search, go } = useAddress();
  const tab = TABS.find((known) => known === search["_tab"]) ?? "history";
  const unreviewed = unreviewedOf(user) ?? 0;
  return (
    <Tabs
      minor
      label={t("user.sub")}
      selected={tab}
      // The filter of one view is none of the next.
      onSelect={(next) => go(paths.userSignIns(user.id, { _tab: next === "history" ? undefined : next }))}
      tabs={[
        { id: "history", label: t("user.sub.history"), content: <History id={user.id} /> },
        { id: "devices", label: t("user.sub.devices"), content: <Devices id={user.id} /> },
        {
          id: "restrictions",
          label: t("user.sub.restrictions"),
          count: unreviewed === 0 ? undefined : unreviewed,
          content: <Restrictions id={user.id} />,
        },
      ]}
    />
  );
}
