// Tokio's rt_common: block_on_sync, block_on_async, panic_in_block_on, and what blocking means on this thread.

import { future, ready, sleep, spawn, yieldNow } from "tokiwa";
import { oneshot } from "tokiwa/sync";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { loopTurns, paused, real, thrown } from "../support/tasks.js";

function* add(a: number, b: number) {
  yield* yieldNow();
  return a + b;
}

test("block_on_sync", () => {
  let won = false;
  paused().blockOn(function* () {
    won = true;
  });
  expect(won).toBe(true);
});

test("block_on_async", () => {
  const value = paused().blockOn(function* () {
    const [tx, rx] = oneshot.channel<string>();
    spawn(function* () {
      yield* sleep(50);
      tx.send("ZOMG");
    });
    return yield* rx;
  });
  expect(value).toBe("ZOMG");
});

test("takes a coroutine function with arguments, a future, and a coroutine that was called", () => {
  const rt = paused();
  expect(rt.blockOn(add, 1, 2)).toBe(3);
  expect(rt.blockOn(ready("x"))).toBe("x");
  expect(rt.blockOn(future(add, 2, 2))).toBe(4);
  expect(rt.blockOn(add(3, 3))).toBe(6);
});

test("panic_in_block_on: throws what the main future throws, the very same", () => {
  const rt = paused();
  const error = new Error("from main");
  const caught = thrown(() =>
    rt.blockOn(function* () {
      yield* sleep(1);
      throw error;
    }),
  );
  expect(caught).toBe(error);
  expect(rt.blockOn(add, 1, 1)).toBe(2);
});

test("blocks: nothing of the event loop runs until the value is there", async () => {
  const log: string[] = [];
  setImmediate(() => log.push("immediate"));
  setTimeout(() => log.push("timeout"), 0);
  void Promise.resolve().then(() => log.push("microtask"));
  real().blockOn(function* () {
    for (let step = 0; step < 3; step++) yield* sleep(1);
    log.push("blocked");
  });
  expect(log).toEqual(["blocked"]);
  await loopTurns();
  expect(log).toContain("immediate");
});

test("on the real clock no sleep is early", () => {
  const elapsed = real().blockOn(function* () {
    const start = Instant.now();
    yield* sleep(3);
    return start.elapsed();
  });
  expect(elapsed).toBeGreaterThanOrEqual(3);
});

test("a task that is left behind stands still until the next call, then goes on", () => {
  const rt = paused();
  const log: number[] = [];
  rt.spawn(function* () {
    for (let step = 1; ; step++) {
      yield* sleep(10);
      log.push(step);
    }
  });
  rt.blockOn(sleep(35));
  expect(log).toEqual([1, 2, 3]);
  rt.blockOn(sleep(20));
  expect(log).toEqual([1, 2, 3, 4, 5]);
});

test("the main future is dropped by then: what it used is given back", () => {
  const rt = paused();
  rt.blockOn(function* () {
    yield* sleep(1);
  });
  expect(rt.metrics().numAliveTasks()).toBe(0);
  expect(rt.metrics().numTimers()).toBe(0);
});

test("an exception from the main future leaves the event loop usable", async () => {
  const rt = paused();
  thrown(() =>
    rt.blockOn(function* () {
      throw new Error("no");
    }),
  );
  expect(await rt.run(async () => "still fine")).toBe("still fine");
});
