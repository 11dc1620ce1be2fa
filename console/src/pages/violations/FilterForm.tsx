import { useState } from "react";
import type { ViolationSummary } from "../../data/violations";
import { Button } from "../../kit/Button";
import { Select } from "../../kit/Select";
import { TextField } from "../../kit/TextField";
import { PRESETS } from "../../time/period";
import { useWords } from "../../words/words";
import { LEVELS } from "./triage";
import styles from "./Violations.module.css";

interface FilterFormProps {
  filter: Record<string, string>;
  summary: ViolationSummary | undefined;
  onApply: (filter: Record<string, string>) => void;
}

const ANY = "*";

/** What the inbox can be narrowed to. Nothing runs before it is applied. */
export function FilterForm({ filter, summary, onApply }: FilterFormProps) {
  const { t } = useWords();
  const { reviewed: _, ...rest } = filter;
  const [draft, setDraft] = useState<Record<string, string>>(rest);
  const set = (name: string, value: string) => {
    const { [name]: _old, ...others } = draft;
    setDraft(value === ANY || value === "" ? others : { ...others, [name]: value });
  };
  const counted = (name: "user" | "rule", param: string) => {
    const values = summary?.[name] ?? [];
    const own = draft[param];
    const known = values.map(({ value, label, count }) => ({ id: value, label: `${label ?? value} (${count})` }));
    return own === undefined || values.some(({ value }) => value === own) ? known : [{ id: own, label: own }, ...known];
  };
  return (
    <form
      className={styles.filters}
      onSubmit={(event) => {
        event.preventDefault();
        onApply(draft);
      }}
    >
      <Select
        label={t("violations.user")}
        value={draft["user_id"] ?? ANY}
        onChange={(value) => set("user_id", value)}
        choices={[{ id: ANY, label: t("violations.any_user") }, ...counted("user", "user_id")]}
      />
      <Select
        label={t("violations.rule")}
        value={draft["rule"] ?? ANY}
        onChange={(value) => set("rule", value)}
        choices={[{ id: ANY, label: t("violations.any_rule") }, ...counted("rule", "rule")]}
      />
      <Select
        label={t("violations.min_level")}
        value={draft["min_level"] ?? ANY}
        onChange={(value) => set("min_level", value)}
        choices={[
          { id: ANY, label: t("violations.any_level") },
          ...LEVELS.map((id) => ({ id, label: t(`common.level.${id}`) })),
        ]}
      />
      <Select
        label={t("violations.period")}
        value={draft["period"] ?? ANY}
        onChange={(value) => set("period", value)}
        choices={[{ id: ANY, label: t("time.all_time") }, ...PRESETS.map((id) => ({ id, label: t(`time.${id}`) }))]}
      />
      <TextField
        label={t("violations.device_id")}
        value={draft["device_id"] ?? ""}
        onChange={(value) => set("device_id", value)}
        maxLength={256}
        mono
      />
      <Button type="submit" kind="primary">
        {t("violations.apply")}
      </Button>
    </form>
  );
}
