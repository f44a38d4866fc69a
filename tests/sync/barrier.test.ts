// Barrier. Mirrors Tokio's sync_barrier.rs, under its names.

import { Pending, PolledAfterCompletionError, spawn, yieldNow } from "tokiwa";
import { Barrier, type BarrierWaitResult, CapacityError } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPaused } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

function leads(polled: Polled<BarrierWaitResult>): boolean {
  const result = polled.poll();
  if (result === Pending) throw new Error("still waits");
  return result.isLeader;
}

test("zero_does_not_block", () => {
  const barrier = new Barrier(0);
  expect(readyNow(barrier.wait()).isLeader).toBe(true);
  expect(readyNow(barrier.wait()).isLeader).toBe(true);
});

test("single", () => {
  const barrier = new Barrier(1);
  for (let round = 0; round < 3; round++) expect(readyNow(barrier.wait()).isLeader).toBe(true);
});

test("tango: the second leads, and the first is let through", () => {
  const barrier = new Barrier(2);
  const first = waiting(barrier.wait());
  expect(first.isWoken).toBe(false);
  const second = new Polled(barrier.wait());
  expect(leads(second)).toBe(true);
  expect(first.isWoken).toBe(true);
  expect(leads(first)).toBe(false);
});

test("lots: round after round, one leader each", () => {
  const barrier = new Barrier(100);
  for (let round = 0; round < 10; round++) {
    const line = Array.from({ length: 99 }, () => waiting(barrier.wait()));
    expect(line.some((each) => each.isWoken)).toBe(false);
    expect(leads(new Polled(barrier.wait()))).toBe(true);
    expect(line.every((each) => each.isWoken)).toBe(true);
    expect(line.filter((each) => leads(each))).toHaveLength(0);
  }
});

test("one that was never polled has not come", () => {
  const barrier = new Barrier(2);
  barrier.wait();
  expect(waiting(barrier.wait()).isWoken).toBe(false);
});

test("one that is cancelled while it waits has come all the same", () => {
  const barrier = new Barrier(3);
  const first = waiting(barrier.wait());
  const second = waiting(barrier.wait());
  first.drop();
  first.drop();
  expect(leads(new Polled(barrier.wait()))).toBe(true);
  expect([first.isWoken, second.isWoken]).toEqual([false, true]);
  expect(() => first.poll()).toThrow(PolledAfterCompletionError);
});

test("one that was let through and is dropped unpolled changes nothing", () => {
  const barrier = new Barrier(2);
  const first = waiting(barrier.wait());
  readyNow(barrier.wait());
  first.drop();
  const next = waiting(barrier.wait());
  expect(next.isWoken).toBe(false);
  expect(leads(new Polled(barrier.wait()))).toBe(true);
  expect(leads(next)).toBe(false);
});

test("a waker that comes again at once is in the next round", () => {
  const barrier = new Barrier(3);
  const again: Polled<BarrierWaitResult>[] = [];
  const first = new Polled(barrier.wait());
  first.onWake = () => {
    expect(leads(first)).toBe(false);
    again.push(waiting(barrier.wait()), waiting(barrier.wait()));
  };
  first.isPending();
  const second = waiting(barrier.wait());
  expect(leads(new Polled(barrier.wait()))).toBe(true);
  expect(leads(second)).toBe(false);
  expect(again.map((each) => each.isWoken)).toEqual([false, false]);
  expect(leads(new Polled(barrier.wait()))).toBe(true);
  expect(again.map((each) => each.isWoken)).toEqual([true, true]);
});

test("tasks meet in rounds", () => {
  const barrier = new Barrier(4);
  const log: number[] = [];
  let leaders = 0;
  runPaused(function* () {
    const tasks = [0, 1, 2, 3].map(() =>
      spawn(function* () {
        for (let round = 0; round < 5; round++) {
          log.push(round);
          const { isLeader } = yield* barrier.wait();
          if (isLeader) leaders += 1;
        }
      }),
    );
    for (const task of tasks) yield* task;
  });
  expect(log).toEqual([...log].sort((a, b) => a - b));
  expect(leaders).toBe(5);
});

test("a task that never has to wait lets the others run, and comes once", () => {
  const barrier = new Barrier(1);
  let rounds = 0;
  runPaused(function* () {
    const busy = spawn(function* () {
      for (;;) {
        yield* barrier.wait();
        rounds += 1;
      }
    });
    yield* yieldNow();
    busy.abort();
  });
  expect(rounds).toBe(128);
});

test("with the budget spent the last has not come twice", () => {
  const barrier = new Barrier(2);
  const single = new Barrier(1);
  const first = waiting(barrier.wait());
  runPaused(function* () {
    for (let unit = 0; unit < 128; unit++) yield* single.wait();
    const last = new Polled(barrier.wait());
    expect(last.poll()).toBe(Pending);
    expect(first.isWoken).toBe(false);
    yield* yieldNow();
    expect(leads(last)).toBe(true);
  });
  expect(leads(first)).toBe(false);
});

test("polled after completion it throws", () => {
  const wait = new Barrier(1).wait();
  readyNow(wait);
  expect(() => readyNow(wait)).toThrow(PolledAfterCompletionError);
});

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("%s is refused", (count) => {
  expect(() => new Barrier(count)).toThrow(CapacityError);
});

test("who waits can say how many have come", () => {
  const barrier = new Barrier(3);
  const first = waiting(barrier.wait());
  waiting(barrier.wait());
  expect(first.future.waitsFor()).toBe("Barrier.wait(), 2 of 3 have come");
});
