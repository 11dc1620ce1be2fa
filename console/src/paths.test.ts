import { expect, it } from "vitest";
import { paths } from "./paths";

it("keeps every address as people have shared it", () => {
  expect([
    paths.home(),
    paths.setup(),
    paths.events(),
    paths.log({ q: "x" }),
    paths.events({
      actor_id: "u-1,u-2",
      period: "this_week",
      q: "a b",
      from: "2026-11-13T00:00:00Z",
      order: undefined,
    }),
    paths.event("01J/x y"),
    paths.event("e-1", "shop"),
    paths.object("deal", "1/2", { _tab: "seen" }),
    paths.users({ marked: "true" }),
    paths.user("jan.novák"),
    paths.userSignIns("u-1", { _tab: "devices" }),
    paths.violations({ reviewed: "false" }),
    paths.violation("v-1"),
  ]).toMatchInlineSnapshot(`
    [
      "/",
      "/setup",
      "/events",
      "/events?period=last_30_days&q=x",
      "/events?actor_id=u-1,u-2&period=this_week&q=a+b&from=2026-11-13T00:00:00Z",
      "/events/01J%2Fx%20y",
      "/events/e-1?source=shop",
      "/objects/deal/1%2F2?_tab=seen",
      "/users?marked=true",
      "/users/jan.nov%C3%A1k",
      "/users/u-1/sign-ins?_tab=devices",
      "/violations?reviewed=false",
      "/violations/v-1",
    ]
  `);
});
