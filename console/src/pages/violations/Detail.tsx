import { useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { useMay } from "../../data/me";
import { asProblem } from "../../data/problem";
import { type Violation, violation } from "../../data/violations";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/CopyButton";
import { EmptyState } from "../../kit/EmptyState";
import { Level } from "../../kit/Level";
import { LinkButton } from "../../kit/LinkButton";
import { Skeleton } from "../../kit/Skeleton";
import { AccessDialog } from "../../list/acts/AccessDialog";
import { ChecksDialog } from "../../list/acts/ChecksDialog";
import { ProblemState } from "../../list/ProblemState";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { Explanation } from "./Explanation";
import { Facts } from "./Facts";
import { LimitBar } from "./LimitBar";
import { Others } from "./Others";
import { Reports } from "./Reports";
import { ReviewForm } from "./ReviewForm";
import { whoOf } from "./said";
import type { Said } from "./useReviews";
import styles from "./Detail.module.css";

interface DetailProps {
  id: string;
  /** As the list has it: shown until the answer is there. */
  row: Violation | undefined;
  said: Said | undefined;
  may: boolean;
  onReview: (row: Violation, note: string) => Promise<boolean>;
  onClose: () => void;
}

/** One violation: what was found, why, from where, and what can be done. */
export function Detail({ id, row, said, may, onReview, onClose }: DetailProps) {
  const { t, locale } = useWords();
  const query = useQuery({
    ...violation(id),
    ...(row === undefined ? {} : { placeholderData: { data: row, complete: true, complete_until: null } }),
  });
  const [asking, setAsking] = useState<"block" | "exempt" | null>(null);
  const readsLog = useMay("read_log");
  if (query.error !== null) {
    return asProblem(query.error).code === "not_found" ? (
      <EmptyState title={t("violations.not_found")} text={t("violations.not_found_text")} />
    ) : (
      <ProblemState error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const found = query.data?.data;
  if (found === undefined) {
    return <Skeleton rows={6} label={t("violations.loading")} />;
  }
  const who = whoOf(found) ?? t("violations.nobody");
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const measured = found.seen !== null && found.limit !== null;
  const sentence = measured
    ? t("violations.sentence.limit", {
        who,
        seen: number.format(found.seen ?? 0),
        limit: number.format(found.limit ?? 0),
      })
    : t("violations.sentence.plain", { who, count: found.count });
  const { user, device_id: device } = found;
  const reason = may ? undefined : t("violations.no_right");
  const blockable = user !== null && device !== undefined && device !== "";
  return (
    <article className={styles.detail} aria-labelledby="violation-title">
      <div className={styles.top}>
        <span className={styles.back}>
          <Button size="small" kind="quiet" icon={<ArrowLeft size={14} aria-hidden />} onPress={onClose}>
            {t("violations.back")}
          </Button>
        </span>
        <div className={styles.titles}>
          <h2 id="violation-title">{found.title}</h2>
          <Level level={found.level} />
          <CopyButton text={`${window.location.origin}${paths.violation(id)}`} label={t("user.copy_link")} />
        </div>
        <p className={styles.sentence}>{sentence}</p>
        {measured ? <LimitBar seen={found.seen ?? 0} limit={found.limit ?? 0} /> : null}
      </div>
      <ReviewForm row={found} said={said} may={may} onReview={onReview} />
      <div className={styles.acts}>
        {user === null ? null : (
          <LinkButton size="small" href={paths.userSignIns(user.id)}>
            {t("violations.open_person")}
          </LinkButton>
        )}
        <Button
          size="small"
          kind="danger"
          data-block
          reason={reason ?? (blockable ? undefined : t("violations.block_none"))}
          onPress={() => setAsking("block")}
        >
          {t("violations.block")}
        </Button>
        {user === null ? null : (
          <Button size="small" reason={reason} onPress={() => setAsking("exempt")}>
            {t("violations.exempt")}
          </Button>
        )}
      </div>
      <Facts found={found} linked={readsLog} />
      <Explanation id={id} version={found.rule_version} />
      {user === null ? null : <Others userId={user.id} id={id} />}
      <Reports id={id} />
      {asking === "block" && blockable && user !== null ? (
        <AccessDialog
          target={{ userId: user.id, deviceId: device, device: who, confidence: found.device_confidence }}
          access="block"
          onClose={() => setAsking(null)}
        />
      ) : null}
      {asking === "exempt" && user !== null ? (
        <ChecksDialog user={{ id: user.id, name: who }} onClose={() => setAsking(null)} />
      ) : null}
    </article>
  );
}
