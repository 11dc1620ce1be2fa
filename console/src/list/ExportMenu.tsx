import { Download, Terminal } from "lucide-react";
import { useTenant } from "../data/me";
import { scope } from "../data/scope";
import type { Column, Filter } from "../fields/list";
import { Button } from "../kit/Button";
import { useZones } from "../kit/clock";
import { Menu } from "../kit/Menu";
import { toast } from "../kit/Toast";
import { useWords } from "../words/words";
import { curlOf, exportHref, formats } from "./export";

interface ExportMenuProps<Row> {
  path: string;
  filter: Filter;
  columns: readonly Column<Row>[];
}

/** The list as a file: plain links, one a format. */
export function ExportMenu<Row>({ path, filter, columns }: ExportMenuProps<Row>) {
  const { t, locale } = useWords();
  const { zone } = useZones();
  const { plan } = useTenant();
  const locked = plan.features.exports === false ? t("list.exports_locked", { plan: plan.plan }) : undefined;
  const of = { path, filter, columns, language: locale, zone, tenant: scope.tenant };
  return (
    <Menu
      label={t("list.export")}
      trigger={
        <Button kind="quiet" size="small" icon={<Download size={14} aria-hidden />}>
          {t("list.export")}
        </Button>
      }
      groups={[
        {
          id: "files",
          title: t("list.export_hint"),
          entries: formats.map((format) => ({
            id: format,
            label: { csv: "CSV", xlsx: "Excel (XLSX)", pdf: "PDF", ndjson: "NDJSON", parquet: "Parquet" }[format],
            href: exportHref(of, format),
            download: "",
            reason: locked,
          })),
        },
        {
          id: "more",
          entries: [
            {
              id: "curl",
              label: t("list.copy_curl"),
              icon: <Terminal size={14} aria-hidden />,
              onAction: () => {
                void navigator.clipboard
                  .writeText(curlOf(window.location.origin, path, filter, scope.tenant))
                  .then(() => toast({ text: t("common.copied"), kind: "done" }, 3));
              },
            },
          ],
        },
      ]}
    />
  );
}
