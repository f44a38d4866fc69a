// yieldNow: to the tail of the queue, and after the driver had its turn.

import { type JoinHandle, sleep, spawn, yieldNow } from "tokiwa";
import { advance } from "tokiwa/time";
import { expect, test } from "vitest";
import { CountingWaker, paused, pollOnce, real, settles } from "../support/tasks.js";

test("lets every other task that is ready run first", () => {
  const log: string[] = [];
  function* note(name: string) {
    log.push(name);
  }
  paused().blockOn(function* () {
    for (const name of ["a", "b", "c"]) spawn(note, name);
    log.push("before");
    yield* yieldNow();
    log.push("after");
  });
  expect(log).toEqual(["before", "a", "b", "c", "after"]);
});

test("tasks that yield take turns", () => {
  const log: string[] = [];
  function* steps(name: string) {
    for (let step = 0; step < 3; step++) {
      log.push(`${name}${step}`);
      yield* yieldNow();
    }
  }
  const rt = paused();
  rt.spawn(steps, "a");
  rt.spawn(steps, "b");
  rt.blockOn(sleep(1));
  expect(log).toEqual(["a0", "b0", "a1", "b1", "a2", "b2"]);
});

test("a task that was woken meanwhile runs before one that yielded", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    spawn(function* () {
      log.push("first");
      spawn(function* () {
        log.push("spawned by first");
      });
    });
    yield* yieldNow();
    log.push("yielded");
  });
  expect(log).toEqual(["first", "spawned by first", "yielded"]);
});

test("timers that are due fire before it goes on", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    spawn(function* () {
      yield* sleep(10);
      log.push("timer");
    });
    yield* yieldNow();
    yield* advance(10);
    yield* yieldNow();
    log.push("yielded");
  });
  expect(log).toEqual(["timer", "yielded"]);
});

test("the event loop has its turns while a task does nothing but yield", async () => {
  let ticked = false;
  setTimeout(() => {
    ticked = true;
  }, 1);
  const rounds = await settles(
    real().run(function* () {
      let rounds = 0;
      while (!ticked) {
        yield* yieldNow();
        rounds += 1;
      }
      return rounds;
    }),
  );
  expect(rounds).toBeGreaterThan(0);
});

test("a paused clock does not move while a task yields", () => {
  const fired = paused().blockOn(function* () {
    let fired = false;
    spawn(function* () {
      yield* sleep(1);
      fired = true;
    });
    for (let round = 0; round < 1_000; round++) yield* yieldNow();
    return fired;
  });
  expect(fired).toBe(false);
});

test("polled by hand it wakes at once and is done at the next poll", () => {
  const waker = new CountingWaker();
  const once = yieldNow();
  expect(typeof pollOnce(once, waker)).toBe("symbol");
  expect(waker.wakes).toBe(1);
  expect(pollOnce(once, waker)).toBe(undefined);
});

test("costs one poll", () => {
  const rt = paused();
  const handle: JoinHandle<number | undefined> = rt.spawn(function* () {
    for (let round = 0; round < 10; round++) yield* yieldNow();
    return rt.dump().find((task) => task.id === handle.id)?.polls;
  });
  expect(rt.blockOn(handle)).toBe(11);
});
