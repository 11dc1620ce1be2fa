import { ListFilter, Radio } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import type { Filter, ListFields } from "../fields/list";
import { announce } from "../kit/announce";
import { Button } from "../kit/Button";
import { useZones } from "../kit/clock";
import { PageHead } from "../kit/PageHead";
import { formatNumber } from "../time/format";
import { periodText } from "./periodText";
import { useWords } from "../words/words";
import { Chips, chipText } from "./Chips";
import { ColumnsMenu } from "./ColumnsMenu";
import { ExportMenu } from "./ExportMenu";
import { OrderSelect } from "./OrderSelect";
import type { Columns } from "./useColumns";
import { useSummary } from "./useFacets";
import { useNames } from "./useNames";
import type { FilterState } from "./useFilter";
import type { Followed } from "./useFollow";
import styles from "./ListFrame.module.css";

interface ListHeadProps<T> {
  fields: ListFields<T>;
  title: string;
  marks?: ReactNode;
  bare?: boolean;
  path: string;
  hasSummary?: boolean;
  filter: FilterState;
  lockedParams: readonly string[];
  query: Filter;
  columns: Columns<T>;
  period: { from: string | null; to: string | null } | undefined;
  followed: Followed<T> | undefined;
  isPanelOpen: boolean;
  onPanel: () => void;
  loading: boolean;
}

/** How many there are, as far as it is known. */
function Total({ loading }: { loading: boolean }) {
  const { t, locale } = useWords();
  const { data, isFetching } = useSummary();
  const total = data?.total;
  const text =
    total === undefined
      ? ""
      : t(total.exact ? "list.total" : "list.total_at_least", {
          count: total.value,
          shown: formatNumber(total.value, locale),
        });
  useEffect(() => {
    if (!loading && !isFetching && text !== "") {
      announce(text);
    }
  }, [loading, isFetching, text]);
  return text === "" ? null : <span className={styles.total}>{text}</span>;
}

/** Title, period with its zone, what is applied, and the tools of the list. */
export function ListHead<T>(props: ListHeadProps<T>) {
  const { fields, title, marks, bare, path, hasSummary, filter, lockedParams, query, columns, period, followed } =
    props;
  const words = useWords();
  const { t, locale } = words;
  const { tenant } = useZones();
  // Names of what the chips have as ids come with the counts.
  const counted = useSummary();
  useNames(fields.filters, filter.applied, !props.loading && (hasSummary !== true || !counted.isFetching));
  const detail = fields.filters.flatMap((field) => chipText(field, filter.applied, words, tenant) ?? []).join(", ");
  // Which days a period has is the tenant's to say, whatever zone times are shown in.
  const span = period === undefined ? null : periodText(period, { locale, zone: tenant }, words);
  const meta = (
    <>
      {hasSummary === true ? <Total loading={props.loading} /> : null}
      {span === null ? null : <span>{span}</span>}
    </>
  );
  return (
    <>
      {bare === true ? null : <PageHead title={title} detail={detail} marks={marks} meta={meta} />}
      <div className={styles.bar} data-bare={bare}>
        <div className={styles.left}>
          {bare === true ? <div className={styles.meta}>{meta}</div> : null}
          <Chips
            fields={fields.filters}
            filter={filter.applied}
            ignored={filter.ignored}
            locked={lockedParams}
            onRemove={(params) => filter.set(Object.fromEntries(params.map((param) => [param, undefined])))}
            onIgnore={() => filter.set({})}
          />
        </div>
        <div className={styles.tools}>
          {followed === undefined ? null : (
            <Button
              kind={followed.isOn ? "plain" : "quiet"}
              size="small"
              icon={<Radio size={14} aria-hidden />}
              aria-pressed={followed.isOn}
              onPress={followed.toggle}
            >
              {followed.isOn ? t("list.following") : t("list.follow")}
            </Button>
          )}
          {followed !== undefined && followed.waiting > 0 ? (
            <Button kind="primary" size="small" onPress={followed.show}>
              {t("list.waiting", { count: followed.waiting })}
            </Button>
          ) : null}
          {fields.filters.map((field) =>
            field.kind === "order" ? <OrderSelect key={field.param} field={field} filter={filter} /> : null,
          )}
          <ColumnsMenu columns={columns} />
          <ExportMenu path={path} filter={query} columns={columns.shown} />
          <Button
            kind={props.isPanelOpen ? "plain" : "quiet"}
            size="small"
            icon={<ListFilter size={14} aria-hidden />}
            aria-expanded={props.isPanelOpen}
            onPress={props.onPanel}
          >
            {filter.pending === 0 ? t("list.filter") : t("list.filter_pending", { count: filter.pending })}
          </Button>
        </div>
      </div>
    </>
  );
}
