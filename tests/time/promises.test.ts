// Virtual time beside promises: before the clock jumps, the event loop gets a turn to finish what is under way.

import { fromPromise, sleep, spawn, timeout } from "tokiwa";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { now, runPausedOnLoop } from "../support/time.js";

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("a promise that needs a turn of the event loop is done before the clock jumps", async () => {
  await runPausedOnLoop(function* () {
    const other = spawn(function* () {
      yield* fromPromise(nextTurn);
      return now();
    });
    yield* sleep(1000);
    expect(now()).toBe(1000);
    expect(yield* other).toBe(0);
  });
});

test("so is one that needs only microtasks", async () => {
  await runPausedOnLoop(function* () {
    const other = spawn(function* () {
      yield* fromPromise(async () => {
        for (let ticks = 0; ticks < 20; ticks++) await null;
      });
      return now();
    });
    yield* sleep(1000);
    expect(yield* other).toBe(0);
  });
});

test("and an async function", async () => {
  await runPausedOnLoop(function* () {
    const other = spawn(async () => {
      await nextTurn();
      return Instant.now().valueOf();
    });
    yield* sleep(1000);
    expect(yield* other).toBe(0);
  });
});

test("an async function sleeps by the virtual clock", async () => {
  await runPausedOnLoop(function* () {
    const other = spawn(async () => {
      const seen: number[] = [];
      for (const ms of [10, 20, 86_400_000]) {
        await sleep(ms);
        seen.push(now());
      }
      return seen;
    });
    expect(yield* other).toEqual([10, 30, 86_400_030]);
  });
});

test("each jump waits for a turn: promises one after the other between sleeps", async () => {
  await runPausedOnLoop(function* () {
    const seen: number[] = [];
    const ticker = spawn(function* () {
      for (let round = 0; round < 5; round++) {
        yield* sleep(100);
        seen.push(now());
        yield* fromPromise(nextTurn);
        seen.push(now());
      }
    });
    const far = spawn(sleep(100_000));
    yield* ticker;
    expect(seen).toEqual([100, 100, 200, 200, 300, 300, 400, 400, 500, 500]);
    far.abort();
  });
});

test("a promise that never settles does not hold the clock back for ever", async () => {
  await runPausedOnLoop(function* () {
    const stuck = spawn(fromPromise(() => new Promise<never>(() => {})));
    yield* sleep(50);
    expect(now()).toBe(50);
    stuck.abort();
  });
});

test("a timeout over a promise that never settles elapses", async () => {
  await runPausedOnLoop(function* () {
    let message = "";
    try {
      yield* timeout(
        30,
        fromPromise(() => new Promise<never>(() => {})),
      );
    } catch (error) {
      message = (error as Error).message;
    }
    expect([message, now()]).toEqual(["deadline has elapsed", 30]);
  });
});
