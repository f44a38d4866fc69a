// What a duration may be, and what is refused: everywhere that one is taken, with the argument's name and the value.

import { interval, pending, sleep, sleepUntil, TokiwaError, timeout } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { advance, type Duration, DurationError, Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { DAY, now, runPaused, thrownBy, YEAR } from "../support/time.js";

/** As Temporal.Duration: accessors on the prototype, every unit there. */
class TemporalLike {
  readonly #ms: number;
  constructor(ms: number) {
    this.#ms = ms;
  }
  get years() {
    return 0;
  }
  get months() {
    return 0;
  }
  get weeks() {
    return 0;
  }
  get days() {
    return 0;
  }
  get hours() {
    return 0;
  }
  get minutes() {
    return 0;
  }
  get seconds() {
    return Math.floor(this.#ms / 1000);
  }
  get milliseconds() {
    return this.#ms % 1000;
  }
  get microseconds() {
    return 0;
  }
  get nanoseconds() {
    return 0;
  }
}

const LENGTHS: readonly (readonly [string, Duration, number])[] = [
  ["a number of milliseconds", 12, 12],
  ["zero", 0, 0],
  ["minus zero", -0, 0],
  ["days", { days: 2 }, 2 * DAY],
  ["hours", { hours: 3 }, 10_800_000],
  ["minutes", { minutes: 4 }, 240_000],
  ["seconds", { seconds: 5 }, 5000],
  ["milliseconds", { milliseconds: 6 }, 6],
  ["microseconds", { microseconds: 7000 }, 7],
  ["nanoseconds", { nanoseconds: 8_000_000 }, 8],
  ["several", { hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 3_661_001],
  ["one that is zero", { seconds: 0 }, 0],
  ["fractions of a unit", { seconds: 1.5 }, 1500],
  ["a Temporal.Duration", new TemporalLike(61_007), 61_007],
];

test.each(LENGTHS)("sleeps for %s", (_, duration, ms) => {
  runPaused(function* () {
    yield* sleep(duration);
    expect(now()).toBe(ms);
  });
});

const REFUSED: readonly (readonly [string, unknown])[] = [
  ["a negative number", -1],
  ["the smallest negative number", -Number.MIN_VALUE],
  ["NaN", Number.NaN],
  ["minus infinity", Number.NEGATIVE_INFINITY],
  ["null", null],
  ["undefined", undefined],
  ["a string", "10"],
  ["a boolean", true],
  ["a bigint", 10n],
  ["an empty object", {}],
  ["an array", []],
  ["months", { months: 1 }],
  ["weeks", { weeks: 2 }],
  ["years and days", { years: 1, days: 1 }],
  ["months and days", { months: 1, days: 1 }],
  ["weeks and days", { weeks: 1, days: 1 }],
  ["negative fields", { seconds: -1 }],
  ["fields that add up to less than zero", { seconds: 1, milliseconds: -1001 }],
  ["a field that is no number", { seconds: Number.NaN }],
  ["a function", () => 5],
];

const PLACES: readonly (readonly [string, (duration: Duration) => unknown])[] = [
  ["sleep(duration)", (duration) => sleep(duration)],
  ["timeout(duration, future)", (duration) => timeout(duration, pending())],
  ["interval(period)", (duration) => interval(duration)],
  ["advance(duration)", (duration) => advance(duration)],
  ["Instant.plus(duration)", (duration) => Instant.now().plus(duration)],
  ["Instant.minus(duration)", (duration) => Instant.now().minus(duration)],
  ["Interval.resetAfter(duration)", (duration) => interval(1).resetAfter(duration)],
  ["threadKeepAlive(duration)", (duration) => Builder.newCurrentThread().threadKeepAlive(duration)],
];

describe.each(PLACES)("%s", (argument, take) => {
  test.each(REFUSED)("refuses %s at the call", (_, given) => {
    runPaused(function* () {
      const error = thrownBy(() => take(given as Duration));
      expect(error).toBeInstanceOf(DurationError);
      expect(error).toBeInstanceOf(TokiwaError);
      expect(error).toMatchObject({ name: "DurationError", argument, given });
      expect((error as Error).message).toContain(argument);
      expect((error as Error).message).toMatch(/milliseconds/);
      yield* sleep(0);
    });
  });
});

test("shutdownTimeout refuses too, and the runtime lives on", async () => {
  const runtime = Builder.newCurrentThread().enableAll().startPaused(true).build();
  const error = await runtime.shutdownTimeout(-1).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DurationError);
  expect(runtime.blockOn(sleep(1))).toBe(undefined);
  await runtime.shutdown();
});

describe("too long ones", () => {
  test("a moment further ahead is cut too", () => {
    runPaused(function* () {
      const moment = Instant.now().plus({ days: 9000 }).plus({ days: 9000 });
      const years = sleepUntil(moment).deadline().durationSince(Instant.now()) / YEAR;
      expect(years).toBeGreaterThan(29);
      expect(years).toBeLessThan(31);
      yield* sleep(1);
    });
  });

  test.each([
    ["Infinity", Number.POSITIVE_INFINITY],
    ["the largest number", Number.MAX_VALUE],
    ["2^53", 2 ** 53],
    ["a billion days", { days: 1e9 }],
    ["infinitely many hours", { hours: Number.POSITIVE_INFINITY }],
  ] as const)("%s is cut to about thirty years", (_, duration) => {
    runPaused(function* () {
      const nap = sleep(duration);
      const years = nap.deadline().durationSince(Instant.now()) / YEAR;
      expect(years).toBeGreaterThan(29);
      expect(years).toBeLessThan(31);
      yield* nap;
      expect(now()).toBe(nap.deadline().valueOf());
    });
  });
});
