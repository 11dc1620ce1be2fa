import { describe, expect, it } from "vitest";
import { Queue } from "./queue";

function later() {
  let done = () => {};
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}

describe("Queue", () => {
  it("runs no more than it may at a time", async () => {
    const queue = new Queue(2);
    const works = [later(), later(), later()];
    const started: number[] = [];
    const all = works.map(({ promise }, index) =>
      queue.run(null, async () => {
        started.push(index);
        await promise;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    works[0]?.done();
    await all[0];
    await new Promise(setImmediate);
    expect(started).toEqual([0, 1, 2]);
    works.forEach(({ done }) => done());
    await Promise.all(all);
  });

  it("does not run what was aborted while it waited, and goes on with the next", async () => {
    const queue = new Queue(1);
    const first = later();
    const running = queue.run(null, () => first.promise);
    const abort = new AbortController();
    let ran = false;
    const aborted = queue.run(abort.signal, async () => {
      ran = true;
    });
    const next = queue.run(null, async () => "next");
    abort.abort();
    first.done();
    await running;
    await expect(aborted).rejects.toThrow();
    expect(await next).toBe("next");
    expect(ran).toBe(false);
  });
});
