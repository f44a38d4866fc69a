// SetOnce. Mirrors Tokio's sync_set_once.rs, under its names.

import { PolledAfterCompletionError, spawn, yieldNow } from "tokiwa";
import { SetError, SetOnce } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

test("set_and_get", () => {
  const once = new SetOnce<number>();
  once.set(5);
  expect([once.get(), once.isInitialized()]).toEqual([5, true]);
  expect(readyNow(once.wait())).toBe(5);
});

test("get_uninit", () => {
  const once = new SetOnce<number>();
  expect([once.get(), once.isInitialized()]).toEqual([undefined, false]);
});

test("set_twice: the first stays, the second comes back", () => {
  const once = new SetOnce<number>();
  once.set(5);
  const error = thrownBy(() => once.set(6));
  expect(error).toBeInstanceOf(SetError);
  expect(error).toMatchObject({ value: 6, isAlreadyInitialized: true, isInitializing: false });
  expect(once.get()).toBe(5);
});

test("from: it has its value, even undefined", () => {
  expect(SetOnce.from(2).get()).toBe(2);
  const nothing = SetOnce.from(undefined);
  expect(nothing.isInitialized()).toBe(true);
  expect(readyNow(nothing.wait())).toBe(undefined);
  expect(() => nothing.set(undefined)).toThrow(SetError);
});

test("everybody who waits is woken, in order", () => {
  const once = new SetOnce<string>();
  const order: number[] = [];
  const line = [0, 1, 2].map((index) => {
    const polled = new Polled(once.wait());
    polled.onWake = () => order.push(index);
    polled.isPending();
    return polled;
  });
  once.set("here");
  expect(order).toEqual([0, 1, 2]);
  expect(line.map((each) => each.poll())).toEqual(["here", "here", "here"]);
});

test("one that goes away leaves the line; twice is harmless", () => {
  const once = new SetOnce<number>();
  const line = [0, 1, 2].map(() => waiting(once.wait()));
  line[1]?.drop();
  line[1]?.drop();
  once.set(1);
  expect(line.map((each) => each.isWoken)).toEqual([true, false, true]);
  expect(() => line[1]?.poll()).toThrow(PolledAfterCompletionError);
});

test("the last waker counts", () => {
  const once = new SetOnce<number>();
  const future = once.wait();
  const [first, second] = [waiting(future), waiting(future)];
  once.set(1);
  expect([first.wakes, second.wakes]).toEqual([0, 1]);
});

test("a waker that waits again finds the value", () => {
  const once = new SetOnce<number>();
  const seen: number[] = [];
  const first = new Polled(once.wait());
  first.onWake = () => seen.push(readyNow(once.wait()), first.poll() as number);
  first.isPending();
  once.set(3);
  expect(seen).toEqual([3, 3]);
});

test("polled after completion it throws", () => {
  const wait = SetOnce.from(1).wait();
  readyNow(wait);
  expect(() => readyNow(wait)).toThrow(PolledAfterCompletionError);
});

test("a task waits for another's value, and one that never has to lets the others run", () => {
  const once = new SetOnce<number>();
  let rounds = 0;
  runPaused(function* () {
    const waiter = spawn(once.wait());
    yield* yieldNow();
    once.set(7);
    expect(yield* waiter).toBe(7);
    const busy = spawn(function* () {
      for (;;) rounds += Math.sign(yield* once.wait());
    });
    yield* yieldNow();
    busy.abort();
  });
  expect(rounds).toBe(128);
});

test("it can say for what it waits", () => {
  expect(new SetOnce<number>().wait().waitsFor()).toBe("SetOnce.wait()");
});
