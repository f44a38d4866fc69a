// advance: how far it moves a stopped clock, and that all timers in between fire at the new time.

import { PolledAfterCompletionError, sleep, sleepUntil, spawn, yieldNow } from "tokiwa";
import { Builder, ClockError, NoRuntimeError } from "tokiwa/runtime";
import { advance, Instant, pause } from "tokiwa/time";
import { expect, test } from "vitest";
import { now, runPaused } from "../support/time.js";
import { Polled, waiting } from "../sync/polled.js";

test("moves the clock by exactly so much", () => {
  runPaused(function* () {
    for (const [ms, moment] of [
      [10, 10],
      [0, 10],
      [0.25, 10.25],
      [0.75, 11],
      [1e9, 1_000_000_011],
    ] as const) {
      yield* advance(ms);
      expect(now()).toBe(moment);
    }
  });
});

test("takes a duration with fields", () => {
  runPaused(function* () {
    yield* advance({ minutes: 1, milliseconds: 5 });
    expect(now()).toBe(60_005);
  });
});

test("does nothing before it is polled", () => {
  runPaused(function* () {
    advance(100);
    yield* yieldNow();
    expect(now()).toBe(0);
  });
});

test("timers in between all fire, at the new time, in the order of their deadlines", () => {
  runPaused(function* () {
    const seen: string[] = [];
    function* sleeper(ms: number) {
      yield* sleep(ms);
      seen.push(`${ms}@${now()}`);
    }
    for (const ms of [20, 10, 30, 25, 1]) spawn(sleeper, ms);
    yield* yieldNow();
    yield* advance(25);
    // It yields once: whom it woke have run already.
    expect(seen).toEqual(["1@25", "10@25", "20@25", "25@25"]);
    yield* advance(5);
    expect(seen).toEqual(["1@25", "10@25", "20@25", "25@25", "30@30"]);
  });
});

test("a timer just behind the new time does not fire", () => {
  runPaused(function* () {
    const nap = waiting(sleep(100));
    yield* advance(99.999);
    expect(nap.isWoken).toBe(false);
    yield* advance(0.001);
    expect(nap.isWoken).toBe(true);
    expect(nap.isPending()).toBe(false);
  });
});

test("advance_after_poll and sleeps that follow count from the new time", () => {
  runPaused(function* () {
    yield* advance(1);
    const start = Instant.now();
    const nap = waiting(sleepUntil(start.plus(4)));
    yield* advance(3);
    expect(nap.isPending()).toBe(true);
    yield* sleep(10);
    expect(now()).toBe(14);
    expect(nap.isPending()).toBe(false);
  });
});

test("polled after completion it throws", () => {
  runPaused(function* () {
    const forward = advance(5);
    yield* forward;
    expect(() => new Polled(forward).poll()).toThrow(PolledAfterCompletionError);
    expect(now()).toBe(5);
  });
});

test("several tasks may advance; each adds its own", () => {
  runPaused(function* () {
    const handles = [1, 10, 100].map((ms) => spawn(advance(ms)));
    for (const handle of handles) yield* handle;
    expect(now()).toBe(111);
  });
});

test("a clock that runs is not moved: the poll throws", () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  runtime.blockOn(function* () {
    const forward = advance(1000);
    const before = Instant.now();
    expect(() => new Polled(forward).poll()).toThrow(ClockError);
    expect(Instant.now().durationSince(before)).toBeLessThan(1000);
    pause();
    yield* advance(1000);
    expect(Instant.now().durationSince(before)).toBeGreaterThanOrEqual(1000);
  });
});

test("outside of every runtime the poll throws", () => {
  expect(() => new Polled(advance(1)).poll()).toThrow(NoRuntimeError);
});
