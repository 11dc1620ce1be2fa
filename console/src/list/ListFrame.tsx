import { lazy, type ReactNode, Suspense, useCallback, useMemo, useState } from "react";
import { useAddress } from "../address";
import type { Page, ReadPage } from "../data/pages";
import { asProblem } from "../data/problem";
import { scope } from "../data/scope";
import type { Fact, Filter, ListFields } from "../fields/list";
import { useShortcut } from "../keys/useShortcut";
import { useZones } from "../kit/clock";
import { Skeleton } from "../kit/Skeleton";
import { useWords } from "../words/words";
import { EmptyList } from "./EmptyList";
import { Foot } from "./Foot";
import { lessPeriod, shiftPeriod } from "./filter";
import { HistogramFold } from "./HistogramFold";
import { ListBody } from "./ListBody";
import { ListHead } from "./ListHead";
import { LoadingLine } from "./LoadingLine";
import { ProblemState } from "./ProblemState";
import { Button } from "../kit/Button";
import type { RowAction } from "./RowMenu";
import { rowsOf } from "./rows";
import { SummaryContext, summaryQuery } from "./useFacets";
import { useColumns } from "./useColumns";
import { useFilter } from "./useFilter";
import { useFollow } from "./useFollow";
import { useRoomy, useWide } from "./useNarrow";
import { usePages } from "./usePages";
import { WithinPlan } from "./WithinPlan";
import styles from "./ListFrame.module.css";

/** What an answer of any list may have beside its rows. */
export interface ListPage<T> extends Page<T> {
  period?: { from: string | null; to: string | null };
  follow_cursor?: string | null;
}

export interface ListFrameProps<T> {
  fields: ListFields<T>;
  title: string;
  marks?: ReactNode;
  /** Within a page that has a head of its own. */
  bare?: boolean;
  /** The API's path, for files. */
  path: string;
  /** Filters that the page has fixed. */
  locked?: Filter;
  read: (query: Record<string, string>) => ReadPage<T, ListPage<T>>;
  hasSummary?: boolean;
  hasFollow?: boolean;
  hasOrder?: boolean;
  /** The order where the address has none. */
  order?: "asc" | "desc";
  /** Where a row leads: the same list with its details open, or a page of its own. */
  hrefOf: (row: T) => string;
  /** Details of the open row; without them, rows lead to pages. */
  drawer?: (open: {
    id: string;
    row: T | undefined;
    step: ((by: 1 | -1) => void) | undefined;
    close: () => void;
    act: (fact: Fact) => void;
  }) => ReactNode;
  openParam?: string;
  actions?: (row: T) => readonly RowAction[];
  banner?: ReactNode;
  /** Said where there is nothing and no filter is to blame. */
  empty?: ReactNode;
  /** The same in words. */
  nothing?: { title: string; text: string };
}

/** Rows come first: the controls of the filter are there a moment after them, in a place that is kept for them. */
const FilterPanel = lazy(() => import("./FilterPanel"));

const nothing: Filter = {};

/** Every list of the console: head, chips, histogram, table, drawer, filter at the right. */
export function ListFrame<T>(props: ListFrameProps<T>) {
  const { fields, path, locked = nothing, read, hasSummary = false, hasFollow = false, openParam = "_event" } = props;
  const words = useWords();
  const { t } = words;
  const { search, replace, go } = useAddress();
  const { zone } = useZones();
  const wide = useWide();
  const roomy = useRoomy();
  const [panel, setPanel] = useState<boolean | undefined>(props.bare === true ? false : undefined);
  const [atTop, setAtTop] = useState(true);
  const filter = useFilter(fields.filters);
  const columns = useColumns(fields.id, fields.columns);
  const query = useMemo(() => ({ ...filter.applied, ...locked }), [filter.applied, locked]);
  const key = JSON.stringify([path, query, scope.tenant, words.locale]);
  const pages = usePages(key, read(query));
  const { window } = pages;
  const cursor = hasFollow ? window?.first?.follow_cursor : undefined;
  const followed = useFollow<T>({
    cursor,
    read: (at, signal) => read(query)(at, signal),
    atTop: atTop && search[openParam] === undefined,
    onRows: () => {},
  });
  const rows = useMemo(
    () => (window === undefined ? undefined : rowsOf(window, followed.shown)),
    // The window tells of its changes by its version.
    // oxlint-disable-next-line exhaustive-deps
    [window, window?.version, followed.shown],
  );
  const summary = useMemo(
    // Rows come first: counts are asked for when they are there, never beside them.
    () => ({ query: summaryQuery(query), isOn: hasSummary && !pages.loading }),
    [query, hasSummary, pages.loading],
  );
  const isOpen = panel ?? wide;
  const open = search[openParam];
  const show = useCallback(
    (id: string | undefined) => {
      const { [openParam]: _, ...rest } = search;
      replace(id === undefined ? rest : { ...rest, [openParam]: id });
    },
    [openParam, search, replace],
  );
  const step = useMemo(() => {
    const at = open === undefined || rows === undefined ? -1 : rows.indexOf((row) => fields.rowId(row) === open);
    return at < 0
      ? undefined
      : (by: 1 | -1) => {
          const row = rows?.row(at + by);
          if (row !== undefined) {
            show(fields.rowId(row));
          }
        };
  }, [open, rows, fields, show]);
  const shift = (by: 1 | -1) => {
    const next = shiftPeriod(filter.applied, by);
    return next === undefined ? false : filter.set({ from: undefined, to: undefined, ...next });
  };
  useShortcut("previousPeriod", () => shift(-1));
  useShortcut("nextPeriod", () => shift(1));
  useShortcut("period", () => {
    setPanel(true);
    // The panel may only now be on its way.
    requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-period] button")?.focus());
  });
  useShortcut("follow", () => (cursor === null || cursor === undefined ? false : followed.toggle()));
  useShortcut("close", () => (open === undefined ? false : show(undefined)));
  const act = (fact: Fact, exclude = false) => filter.act(exclude ? (fact.exclude ?? {}) : fact.filter);
  const problem = pages.error === undefined ? undefined : asProblem(pages.error);
  const half = lessPeriod(filter.applied);
  const refused = problem?.field === undefined ? undefined : { param: problem.field, text: problem.body.detail ?? "" };
  const tooMuch = problem !== undefined && ["too_slow", "query_too_large", "period_too_long"].includes(problem.code);
  const { drawer } = props;
  return (
    <SummaryContext value={summary}>
      <div className={styles.frame}>
        <div className={styles.main}>
          <ListHead
            {...props}
            fields={fields}
            filter={filter}
            lockedParams={Object.keys(locked)}
            query={query}
            columns={columns}
            period={window?.first?.period}
            followed={cursor === null || cursor === undefined ? undefined : followed}
            isPanelOpen={isOpen}
            onPanel={() => setPanel(!isOpen)}
            loading={pages.loading}
          />
          {props.banner}
          {hasSummary ? (
            <HistogramFold zone={zone} onSelect={(from, to) => filter.set({ period: "custom", from, to })} />
          ) : null}
          <LoadingLine loading={pages.loading && window !== undefined} onCancel={pages.cancel} />
          {problem !== undefined ? (
            <ProblemState error={problem} onRetry={pages.reload}>
              {problem.code === "plan_limit" ? <WithinPlan filter={filter} /> : null}
              {tooMuch && half !== undefined ? (
                <Button kind="primary" onPress={() => filter.set({ from: undefined, to: undefined, ...half })}>
                  {t("list.halve")}
                </Button>
              ) : null}
            </ProblemState>
          ) : rows === undefined || window === undefined ? (
            <div className={styles.skeleton}>
              <Skeleton rows={12} label={t("common.loading")} />
            </div>
          ) : rows.count === 0 ? (
            <EmptyList
              fields={fields.filters}
              filter={filter}
              lockedParams={Object.keys(locked)}
              onRetry={pages.reload}
              nothing={props.nothing}
            >
              {props.empty}
            </EmptyList>
          ) : (
            <ListBody
              {...props}
              rows={rows}
              columns={columns.shown}
              open={drawer === undefined ? undefined : open}
              onOpen={(row) => (drawer === undefined ? go(props.hrefOf(row)) : show(fields.rowId(row)))}
              onFact={act}
              order={
                filter.applied["order"] === "asc" || filter.applied["order"] === "desc"
                  ? filter.applied["order"]
                  : (props.order ?? "desc")
              }
              onOrder={props.hasOrder === true ? (order) => filter.set({ order }) : undefined}
              dimmed={pages.loading}
              completeUntil={window.completeUntil}
              onAtTop={setAtTop}
              foot={<Foot rows={rows} window={window} reload={pages.reload} />}
            />
          )}
        </div>
        {open === undefined || drawer === undefined
          ? null
          : drawer({
              id: open,
              row: step === undefined ? undefined : rows?.row(rows.indexOf((row) => fields.rowId(row) === open)),
              step,
              close: () => show(undefined),
              act,
            })}
        {isOpen && (open === undefined || drawer === undefined || roomy) ? (
          <Suspense fallback={<aside className={styles.place} aria-hidden />}>
            <FilterPanel
              fields={fields.filters}
              locked={Object.keys(locked)}
              state={filter}
              refused={refused}
              onClose={() => setPanel(false)}
            />
          </Suspense>
        ) : null}
      </div>
    </SummaryContext>
  );
}
