import type { Column, Filter } from "../fields/list";

export const formats = ["csv", "xlsx", "pdf", "ndjson", "parquet"] as const;

export type Format = (typeof formats)[number];

interface Export<Row> {
  /** The API's path: the file has the rows of the list, all of them. */
  path: string;
  filter: Filter;
  columns: readonly Column<Row>[];
  language: string;
  zone: string;
  tenant: string | undefined;
}

/** A plain link to the file: the browser streams it to disk, whatever its size. */
export function exportHref<Row>(
  { path, filter, columns, language, zone, tenant }: Export<Row>,
  format: Format,
): string {
  const names = columns.flatMap((column) => column.columns);
  const search = new URLSearchParams({
    ...filter,
    format,
    lang: language,
    ...(names.length === 0 ? {} : { columns: names.join(",") }),
    time_zone: zone,
    ...(tenant === undefined ? {} : { tenant }),
    // Spreadsheets of languages with a decimal comma take semicolons.
    ...(format === "csv" && language !== "en" ? { separator: "semicolon" } : {}),
  });
  return `${path}?${search.toString().replaceAll("%2C", ",")}`;
}

/** The same question for a terminal; the key is the reader's to fill in. */
export function curlOf(origin: string, path: string, filter: Filter, tenant: string | undefined): string {
  const search = new URLSearchParams({ ...filter, ...(tenant === undefined ? {} : { tenant }) });
  const url = `${origin}${path}${search.size === 0 ? "" : `?${search}`}`;
  return `curl --header "Authorization: Bearer $USERTRAIL_KEY" '${url.replaceAll("'", "%27")}'`;
}
