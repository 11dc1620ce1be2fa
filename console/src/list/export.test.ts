import { expect, it } from "vitest";
import type { Column } from "../fields/list";
import { curlOf, exportHref } from "./export";

const column = (id: string, columns: string[]): Column<unknown> => ({
  id,
  columns,
  label: "list.period",
  cell: () => null,
  width: "1fr",
  least: 1,
  shown: true,
});

it("links to the file with the columns in sight, the reader's language and zone", () => {
  const of = {
    path: "/v1/events",
    filter: { period: "today", actor_id: "u-1,u-2" },
    columns: [column("time", ["occurred_at"]), column("who", ["actor.id", "actor.name"])],
    language: "cs",
    zone: "Europe/Prague",
    tenant: undefined,
  };
  expect(exportHref(of, "csv")).toBe(
    "/v1/events?period=today&actor_id=u-1,u-2&format=csv&lang=cs&columns=occurred_at,actor.id,actor.name&time_zone=Europe%2FPrague&separator=semicolon",
  );
  expect(exportHref({ ...of, columns: [], tenant: "acme" }, "pdf")).toBe(
    "/v1/events?period=today&actor_id=u-1,u-2&format=pdf&lang=cs&time_zone=Europe%2FPrague&tenant=acme",
  );
});

it("quotes for the terminal", () => {
  expect(curlOf("http://localhost", "/v1/events", { q: "it's" }, undefined)).toBe(
    `curl --header "Authorization: Bearer $USERTRAIL_KEY" 'http://localhost/v1/events?q=it%27s'`,
  );
});
