import { describe, expect, it } from "vitest";
import { mostHeld, type Page, PageWindow } from "./pages";

/** A server with so many rows, two hundred a page, that counts what it was asked. */
function server(rows: number) {
  const asked: number[] = [];
  const read = async (cursor: string | undefined): Promise<Page<number>> => {
    const at = Number(cursor ?? 0);
    asked.push(at);
    const data = Array.from({ length: Math.min(200, rows - at) }, (_, index) => at + index);
    return { data, next_cursor: at + 200 < rows ? String(at + 200) : null };
  };
  return { asked, read };
}

async function settled(window: PageWindow<number>) {
  for (let version = -1; version !== window.version;) {
    version = window.version;
    // oxlint-disable-next-line no-await-in-loop -- until nothing changes any more
    await new Promise(setImmediate);
  }
}

describe("PageWindow", () => {
  it("reads two pages ahead of what is in sight, and no more", async () => {
    const { asked, read } = server(2000);
    const window = new PageWindow<number>(read);
    await window.start();
    expect(asked).toEqual([0]);
    window.want(0, 20);
    await settled(window);
    expect(asked).toEqual([0, 200, 400]);
    expect(window.count).toBe(600);
    expect(window.ended).toBe(false);
    expect(window.row(599)).toBe(599);
    expect(window.row(600)).toBeUndefined();
  });

  it("asks once for what several callers want at the same time", async () => {
    const { asked, read } = server(2000);
    const window = new PageWindow<number>(read);
    await window.start();
    window.want(0, 20);
    window.want(0, 25);
    window.want(5, 30);
    await settled(window);
    expect(asked).toEqual([0, 200, 400]);
  });

  it("ends where the list ends", async () => {
    const window = new PageWindow<number>(server(250).read);
    await window.start();
    window.want(0, 199);
    await settled(window);
    expect(window.ended).toBe(true);
    expect(window.count).toBe(250);
  });

  it("holds fifty pages, and reads those that it dropped again in place", async () => {
    const { asked, read } = server(200 * (mostHeld + 20));
    const window = new PageWindow<number>(read);
    await window.start();
    for (let at = 0; at < 200 * (mostHeld + 10); at += 200) {
      window.want(at, at + 20);
      // oxlint-disable-next-line no-await-in-loop -- as somebody scrolls
      await settled(window);
    }
    expect([...window.held()].length).toBeLessThanOrEqual(200 * (mostHeld + 2));
    expect(window.row(5)).toBeUndefined();
    expect(asked.filter((at) => at === 0)).toHaveLength(1);
    window.want(0, 20);
    await settled(window);
    expect(window.row(5)).toBe(5);
    expect(asked.filter((at) => at === 0)).toHaveLength(2);
  });

  it("keeps an error until it is told to try again", async () => {
    const { read } = server(1000);
    let fail = false;
    const window = new PageWindow<number>((cursor) => (fail ? Promise.reject(new Error("no")) : read(cursor)));
    await window.start();
    fail = true;
    window.want(0, 20);
    await settled(window);
    expect(window.error).toBeInstanceOf(Error);
    fail = false;
    window.retry();
    await settled(window);
    expect(window.error).toBeUndefined();
    expect(window.count).toBe(400);
  });

  it("takes nothing any more once it was stopped", async () => {
    const window = new PageWindow<number>(server(1000).read);
    const started = window.start();
    window.stop();
    await started;
    expect(window.first).toBeUndefined();
  });
});
