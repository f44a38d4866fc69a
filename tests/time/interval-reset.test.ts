// Interval.reset, resetImmediately, resetAfter, resetAt. Mirrors Tokio's interval_reset tests.

import { interval, spawn, yieldNow } from "tokiwa";
import { InvalidArgumentError } from "tokiwa/runtime";
import { advance, DurationError, Instant, type Interval } from "tokiwa/time";
import { expect, test } from "vitest";
import { now, runPaused, thrownBy } from "../support/time.js";
import { Polled } from "../sync/polled.js";

function polledTick(ticks: Interval): number | undefined {
  const at = new Polled(ticks.tick()).poll();
  return at instanceof Instant ? at.valueOf() : undefined;
}

/** An interval of 300 that has ticked at 0 and 300, and waits; the clock stands at 400. */
function* at400() {
  const ticks = interval(300);
  expect(polledTick(ticks)).toBe(0);
  yield* advance(300);
  expect(polledTick(ticks)).toBe(300);
  yield* advance(100);
  expect(polledTick(ticks)).toBe(undefined);
  return ticks;
}

function* expectTicks(ticks: Interval, ...moments: number[]) {
  for (const moment of moments) {
    yield* advance(Math.max(0, moment - 1 - now()));
    if (now() < moment) expect(polledTick(ticks)).toBe(undefined);
    yield* advance(Math.max(0, moment - now()));
    expect(polledTick(ticks)).toBe(moment);
    expect(polledTick(ticks)).toBe(undefined);
  }
}

test("reset: the next tick comes a period from now", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    ticks.reset();
    yield* expectTicks(ticks, 700, 1000);
  });
});

test("reset_immediately: the next tick comes at once", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    ticks.resetImmediately();
    expect(polledTick(ticks)).toBe(400);
    yield* expectTicks(ticks, 700, 1000);
  });
});

test("reset_after: the next tick comes after so long", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    ticks.resetAfter(20);
    yield* expectTicks(ticks, 420, 720);
  });
});

test("resetAfter takes any duration, zero too", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    ticks.resetAfter(0);
    yield* expectTicks(ticks, 400);
    ticks.resetAfter({ seconds: 1 });
    yield* expectTicks(ticks, 1400, 1700);
  });
});

test("reset_at: the next tick comes then", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    ticks.resetAt(Instant.now().plus(40));
    yield* expectTicks(ticks, 440, 740);
  });
});

test("resetAt a moment that has passed: at once, for that moment", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    ticks.resetAt(Instant.now().minus(50));
    expect(polledTick(ticks)).toBe(350);
    yield* expectTicks(ticks, 650, 950);
  });
});

test.each([
  ["reset", 700],
  ["resetImmediately", 400],
] as const)("%s wakes the task that waits for a tick", (method, moment) => {
  runPaused(function* () {
    const ticks = yield* at400();
    const waiter = spawn(function* () {
      return (yield* ticks.tick()).valueOf();
    });
    yield* yieldNow();
    ticks[method]();
    expect(yield* waiter).toBe(moment);
    expect(now()).toBe(moment);
  });
});

test("reset before the first tick: there is no tick at once any more", () => {
  runPaused(function* () {
    const ticks = interval(50);
    ticks.reset();
    yield* expectTicks(ticks, 50, 100);
  });
});

test("bad arguments are refused", () => {
  runPaused(function* () {
    const ticks = yield* at400();
    expect(thrownBy(() => ticks.resetAfter(-1))).toBeInstanceOf(DurationError);
    expect(thrownBy(() => ticks.resetAt(5 as never))).toBeInstanceOf(InvalidArgumentError);
    yield* expectTicks(ticks, 600);
  });
});
