import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import { useAddress } from "../../address";
import { useMay } from "../../data/me";
import { type Violation, violationSummary } from "../../data/violations";
import { EmptyState } from "../../kit/EmptyState";
import { useZones } from "../../kit/clock";
import { PageHead } from "../../kit/PageHead";
import { periodText } from "../../list/periodText";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { BulkBar } from "./BulkBar";
import { Detail } from "./Detail";
import { filterOf } from "./filter";
import { Inbox } from "./Inbox";
import { groupsOf, GROUPINGS, nextUnreviewed, NOTHING, orderOf, step } from "./triage";
import { InboxTools } from "./InboxTools";
import { isOpen } from "./said";
import { useInbox } from "./useInbox";
import { useReviews } from "./useReviews";
import { useTriageKeys } from "./useTriageKeys";
import styles from "./Violations.module.css";

/** What is wrong, to be looked at one after the other: the inbox at the left, one violation at the right. */
export default function ViolationsPage() {
  const words = useWords();
  const { t, locale } = words;
  const { tenant } = useZones();
  const { search, go, replace } = useAddress();
  const { id } = useParams({ strict: false });
  const may = useMay("manage_access");
  const filter = useMemo(() => filterOf(search), [search]);
  const grouping = GROUPINGS.find((known) => known === search["_group"]) ?? "user";
  const inbox = useInbox(filter);
  const summary = useQuery(violationSummary(filter));
  const reviews = useReviews();
  const [selection, setSelection] = useState(NOTHING);
  const [matching, setMatching] = useState(false);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<string | undefined>(undefined);
  const list = useRef<HTMLElement>(null);
  const detail = useRef<HTMLElement>(null);

  const groups = useMemo(() => groupsOf(inbox.rows, grouping), [inbox.rows, grouping]);
  const order = useMemo(() => orderOf(groups, folded), [groups, folded]);
  const row = (of: string | undefined): Violation | undefined => inbox.rows.find((one) => one.id === of);
  const open = useCallback((next: string) => go(paths.violation(next, search)), [go, search]);
  const focusRow = (next: string) => {
    setCursor(next);
    list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(next)}"]`)?.focus();
  };
  /** Moves on, and takes what is open along. */
  const move = (by: number) => {
    const next = step(order, id ?? cursor, by);
    if (next !== undefined) {
      focusRow(next);
      if (id !== undefined) {
        open(next);
      }
    }
  };
  const onward = (from: string) => {
    const next = nextUnreviewed(order, from, (one) => one !== from && isOpen(row(one), reviews.said));
    if (next === undefined) {
      return;
    }
    focusRow(next);
    if (id !== undefined) {
      open(next);
      // On a narrow screen the list is not in sight, and what was in focus is gone with the form.
      if (list.current?.contains(document.activeElement) !== true) {
        detail.current?.focus();
      }
    }
  };
  const reviewAndNext = async (one: Violation, note: string): Promise<boolean> => {
    const done = await reviews.reviewOne(one, note);
    if (done) {
      onward(one.id);
    }
    return done;
  };
  const target = () => row(list.current?.contains(document.activeElement) === true ? cursor : (id ?? cursor));
  useTriageKeys({ move, target, order, open, may, detail, setSelection, reviews, reviewAndNext });

  const close = () => go(paths.violations(search));
  const total = summary.data?.total;
  const title = row(id)?.title;
  return (
    <>
      <PageHead
        title={t("violations.title")}
        {...(title === undefined ? {} : { detail: title })}
        meta={
          total === undefined ? null : (
            <>
              <span className="number">
                {t(total.exact ? "violations.count" : "violations.count_at_least", { count: total.value })}
              </span>
              <span>
                {periodText(summary.data?.period ?? { from: null, to: null }, { locale, zone: tenant }, words)}
              </span>
            </>
          )
        }
      />
      <InboxTools
        filter={filter}
        grouping={grouping}
        summary={summary.data}
        onSearch={(next) => go(paths.violations(next))}
        onOwn={replace}
      />
      <div className={styles.split} data-open={id !== undefined}>
        <section className={styles.list} ref={list} aria-label={t("violations.inbox")} data-keys-act>
          <BulkBar
            selection={selection}
            matching={matching}
            total={total}
            filter={filter}
            may={may}
            onMatching={setMatching}
            onClear={() => {
              setSelection(NOTHING);
              setMatching(false);
            }}
            onReview={async (body) => {
              const done = await reviews.reviewAll(body);
              if (done && "filter" in body) {
                await inbox.refetch();
              }
              return done;
            }}
          />
          <Inbox
            inbox={inbox}
            groups={groups}
            grouping={grouping}
            order={order}
            said={reviews.said}
            open={id}
            cursor={cursor ?? id}
            selection={selection}
            matching={matching}
            folded={folded}
            filtered={Object.keys(filter).some((name) => name !== "reviewed")}
            hrefOf={(one) => paths.violation(one, search)}
            onCursor={setCursor}
            onSelection={setSelection}
            onFold={setFolded}
            onFilter={(next) => go(paths.violations(next))}
            search={search}
          />
        </section>
        {/* Reached by keys from the list, and where reading goes on after a review. */}
        <section className={styles.detail} ref={detail} tabIndex={-1} aria-label={t("violations.detail")} data-keys-act>
          {id === undefined ? (
            <EmptyState
              title={t("violations.choose")}
              text={t("violations.choose_text")}
              icon={<ShieldCheck size={20} aria-hidden />}
            />
          ) : (
            <Detail
              key={id}
              id={id}
              row={row(id)}
              said={reviews.said.get(id)}
              may={may}
              onReview={reviewAndNext}
              onClose={close}
            />
          )}
        </section>
      </div>
    </>
  );
}
