/** The client against a running installation: its address and an administrator's key are in the environment. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiProblem, connect, ofTenant, result, rows, type Schema } from "./index.js";

const baseUrl = required("USERTRAIL_URL");
const key = required("USERTRAIL_KEY");
const client = connect({ baseUrl, key });

function required(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is set`);
  return value;
}

test("a list is read to its end, page by page", async () => {
  const query = { period: "last_week" as const, limit: 100 };
  const ids = new Set<string>();
  let last = "9999";
  const events = rows((cursor) =>
    result(client.GET("/v1/events", { params: { query: cursor === undefined ? query : { ...query, cursor } } })),
  );
  for await (const event of events) {
    assert.ok(event.occurred_at <= last, "the newest first");
    last = event.occurred_at;
    ids.add(event.id);
  }
  assert.ok(ids.size > 100, `more than a page: ${ids.size}`);
});

test("an event is typed down to its parts", async () => {
  const page = await result(client.GET("/v1/events", { params: { query: { category: ["sign_ins"], limit: 1 } } }));
  const listed: Schema<"Event"> | undefined = page.data[0];
  assert.ok(listed);
  const { data } = await result(client.GET("/v1/events/{id}", { params: { path: { id: listed.id } } }));
  assert.equal(data.category, "sign_ins");
  const name: string | undefined = data.actor.name;
  assert.equal(name, listed.actor.name);
});

test("what is refused is a problem with a code", async () => {
  const stranger = connect({ baseUrl, key: "ut_nobody000000_0123456789abcdef" });
  const refused = result(stranger.GET("/v1/events"));
  await assert.rejects(refused, (error) => error instanceof ApiProblem && error.problem.code === "unauthorized");
  // @ts-expect-error A parameter that the document doesn't know doesn't compile; nor does the API take it.
  const unknown = result(client.GET("/v1/events", { params: { query: { colour: "red" } } }));
  await assert.rejects(unknown, (error) => error instanceof ApiProblem && error.problem.pointer === "colour");
});

test("a setting is changed and changed back", async () => {
  const before = await result(client.GET("/v1/settings/time-zone"));
  const wanted: Schema<"TimeZone"> = { ...before, time_zone: "America/New_York" };
  const changed = await result(client.PUT("/v1/settings/time-zone", { body: wanted }));
  assert.deepEqual(changed, wanted);
  assert.deepEqual(await result(client.PUT("/v1/settings/time-zone", { body: before })), before);
});

test("who asks is known, and of which tenant", async () => {
  const { data } = await result(client.GET("/v1/me"));
  assert.equal(data.who.kind, "key");
  assert.ok(data.permissions.includes("administer"));
  const tenant = data.tenant?.id;
  assert.ok(tenant);
  const named = await result(connect({ baseUrl, key, tenant }).GET("/v1/me"));
  assert.equal(named.data.tenant?.id, tenant);
  const strange = result(connect({ baseUrl, key, tenant: "somebody-else" }).GET("/v1/events", { params: { query: { limit: 1 } } }));
  await assert.rejects(strange, (error) => error instanceof ApiProblem && error.problem.pointer === "tenant");
  // Without a key nobody is anybody here: there is no session outside of a browser.
  const nobody = result(connect({ baseUrl }).GET("/v1/me"));
  await assert.rejects(nobody, (error) => error instanceof ApiProblem && error.problem.code === "unauthorized");
});

test("what came after a page is followed", async () => {
  const query = { limit: 1 };
  const first = await result(client.GET("/v1/events", { params: { query } }));
  const cursor = first.follow_cursor;
  assert.ok(cursor);
  const next = await result(client.GET("/v1/events", { params: { query: { ...query, cursor } } }));
  assert.ok(next.follow_cursor);
});

test("an address names its tenant once", () => {
  for (const [url, named] of [
    ["/v1/events", "/v1/events?tenant=a%26b"],
    ["/v1/events?type=x#y", "/v1/events?type=x&tenant=a%26b#y"],
    ["https://usertrail.example.com/v1/events?tenant=c", "https://usertrail.example.com/v1/events?tenant=c"],
  ] as const) {
    assert.equal(ofTenant(url, "a&b"), named);
  }
});
