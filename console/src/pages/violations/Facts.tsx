import type { ReactNode } from "react";
import type { Violation } from "../../data/violations";
import { joinList } from "../../fields/schemas";
import { Link } from "../../kit/Link";
import { placeName } from "../../kit/place";
import { PlaceLicence } from "../../kit/PlaceLicence";
import { Time } from "../../kit/Time";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { whoOf } from "./said";
import styles from "./Detail.module.css";

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** When, from where, what was done. Where the log may be read, each value leads to its events. */
export function Facts({ found, linked }: { found: Violation; linked: boolean }) {
  const { t, known, locale } = useWords();
  const actor = found.user === null ? {} : { actor_id: joinList([found.user.id]) };
  const link = (text: string, search: Record<string, string>, mono = false) =>
    linked ? (
      <Link href={paths.events({ ...actor, ...search })} className={mono ? "mono" : undefined}>
        {text}
      </Link>
    ) : (
      <span className={mono ? "mono" : ""}>{text}</span>
    );
  const place = placeName(found.place, locale);
  const who = whoOf(found);
  return (
    <dl className={styles.facts}>
      {who === undefined ? null : (
        <Fact label={t("violations.user")}>
          <Link href={paths.user(found.user?.id ?? "")}>{who}</Link>
        </Fact>
      )}
      <Fact label={t("violations.done")}>{known("violations.done", found.action)}</Fact>
      {found.first_at === null ? null : (
        <Fact label={t("violations.first")}>
          <Time at={found.first_at} />
        </Fact>
      )}
      {found.last_at === null ? null : (
        <Fact label={t("violations.last")}>
          <Time at={found.last_at} />
        </Fact>
      )}
      <Fact label={t("violations.events")}>
        {link(t("violations.times", { count: found.count }), { violations: found.rule })}
      </Fact>
      {found.device_id === undefined || found.device_id === "" ? null : (
        <Fact label={t("violations.device")}>
          {link(found.device_id, { device_id: joinList([found.device_id]) }, true)}
          {found.device_confidence === null ? null : (
            <span className="muted"> {known("violations.certainty", found.device_confidence)}</span>
          )}
        </Fact>
      )}
      {found.session_key === undefined || found.session_key === "" ? null : (
        <Fact label={t("violations.session")}>
          {link(found.session_key, { session_key: joinList([found.session_key]) }, true)}
        </Fact>
      )}
      {found.ip === null || found.ip === undefined ? null : (
        <Fact label={t("violations.ip")}>{link(found.ip, { ip: found.ip }, true)}</Fact>
      )}
      {place === undefined ? null : (
        <Fact label={t("violations.place")}>
          {place}
          <br />
          <PlaceLicence />
        </Fact>
      )}
      <Fact label={t("violations.rule")}>
        {t("violations.rule_version", { rule: found.rule, version: found.rule_version })}
      </Fact>
    </dl>
  );
}
