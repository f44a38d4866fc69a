// A join of many branches: each has a waker of its own, so that one wake does not poll them all.

import { type Future, join, Pending, ready, sleep, spawn, tryJoin, yieldNow } from "tokiwa";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { CountingWaker, Probe, paused, pollOnce } from "../support/tasks.js";

function probes(count: number): Probe<number>[] {
  return Array.from({ length: count }, () => new Probe<number>());
}

function* after(ms: number, value: number) {
  yield* sleep(ms);
  return value;
}

test("polls every branch once, and then only those that were woken", () => {
  const branches = probes(100);
  const whole = join(...branches);
  expect(pollOnce(whole)).toBe(Pending);
  expect(branches.every((branch) => branch.polls === 1)).toBe(true);
  branches[57]?.waker?.wake();
  branches[3]?.waker?.wake();
  expect(pollOnce(whole)).toBe(Pending);
  const polled = branches.map((branch, index) => (branch.polls > 1 ? index : -1));
  expect(polled.filter((index) => index >= 0).sort((a, b) => a - b)).toEqual([3, 57]);
});

test("several wakes of one branch are one poll", () => {
  const branches = probes(40);
  const whole = join(...branches);
  const waker = new CountingWaker();
  pollOnce(whole, waker);
  for (let wake = 0; wake < 5; wake++) branches[7]?.waker?.wake();
  expect(waker.wakes).toBeGreaterThan(0);
  pollOnce(whole, waker);
  expect(branches[7]?.polls).toBe(2);
});

test("gives the values in order", () => {
  const branches = probes(64);
  const whole = join(...branches);
  pollOnce(whole);
  for (let index = 63; index >= 0; index--) branches[index]?.complete(index * 2);
  expect(pollOnce(whole)).toEqual(branches.map((_, index) => index * 2));
});

test("follows the task that polls it: wakes go to the waker of the last poll", () => {
  const branches = probes(40);
  const whole = join(...branches);
  const [first, second] = [new CountingWaker(), new CountingWaker()];
  pollOnce(whole, first);
  pollOnce(whole, second);
  branches[39]?.waker?.wake();
  expect(first.wakes).toBe(0);
  expect(second.wakes).toBe(1);
});

test("a branch that was woken before it was polled again is not lost", () => {
  const branches = probes(33);
  const whole = join(...branches);
  pollOnce(whole);
  for (const branch of branches) branch.complete(1);
  expect(pollOnce(whole)).toEqual(new Array(33).fill(1));
});

test("wakes after a branch has ended, and after the whole has ended, are harmless", () => {
  const branches = probes(40);
  const whole = join(...branches);
  pollOnce(whole);
  branches[0]?.complete(1);
  const stale = branches[0]?.waker;
  pollOnce(whole);
  stale?.wake();
  expect(pollOnce(whole)).toBe(Pending);
  expect(branches[0]?.polls).toBe(2);
  for (const branch of branches.slice(1)) branch.complete(1);
  expect(pollOnce(whole)).toHaveLength(40);
  for (const branch of branches) branch.waker?.wake();
});

test.each([31, 32, 33, 1000])("%i sleeps take as long as the longest", (count) => {
  const elapsed = paused().blockOn(function* () {
    const start = Instant.now();
    const waits: Future<void>[] = [];
    for (let index = 0; index < count; index++) waits.push(sleep((index * 7) % 100));
    yield* join(...waits);
    return start.elapsed();
  });
  const longest = Math.max(...Array.from({ length: count }, (_, index) => (index * 7) % 100));
  expect(elapsed).toBe(longest);
});

test("branches that yield, wait for handles and sleep all come to their end", () => {
  function* mixed(index: number) {
    if (index % 3 === 0) yield* yieldNow();
    else if (index % 3 === 1) yield* sleep(index);
    else yield* spawn(after, index, index);
    return index;
  }
  const values = paused().blockOn(function* () {
    return yield* join(...Array.from({ length: 200 }, (_, index) => mixed(index)));
  });
  expect(values).toEqual(Array.from({ length: 200 }, (_, index) => index));
});

test("many joins of many branches nest", () => {
  const total = paused().blockOn(function* () {
    const rows = Array.from({ length: 40 }, (_, row) =>
      join(...Array.from({ length: 40 }, (_, column) => after((row * column) % 50, 1))),
    );
    const values = yield* join(...rows);
    return values.flat().reduce((sum, value) => sum + value, 0);
  });
  expect(total).toBe(1600);
});

test("the first error is thrown when all have ended; tryJoin drops the rest at once", () => {
  const joined = probes(40);
  const whole = join(...joined);
  pollOnce(whole);
  joined[5]?.fail(new Error("five"));
  expect(pollOnce(whole)).toBe(Pending);
  joined[6]?.fail(new Error("six"));
  for (const probe of joined) if (probe !== joined[5] && probe !== joined[6]) probe.complete(0);
  expect(() => pollOnce(whole)).toThrow("five");

  const tried = probes(40);
  const attempt = tryJoin(...tried);
  pollOnce(attempt);
  tried[5]?.fail(new Error("five"));
  expect(() => pollOnce(attempt)).toThrow("five");
  expect(tried.filter((probe) => probe.drops === 1)).toHaveLength(39);
});

test("ready branches among many complete at the first poll", () => {
  expect(pollOnce(join(...Array.from({ length: 50 }, (_, index) => ready(index))))).toHaveLength(
    50,
  );
});
