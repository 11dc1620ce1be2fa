/** The client against a running installation: its address and an administrator's key are in the environment. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiProblem, connect, result, rows, type Schema } from "./index.js";

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
