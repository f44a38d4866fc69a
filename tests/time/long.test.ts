// Long sleeps and many of them: days and years under the virtual clock, a hundred thousand at once. Mirrors Tokio's
// time_sleep.rs.

import { type JoinHandle, sleep, sleepUntil, spawn, yieldNow } from "tokiwa";
import { Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { DAY, now, runPaused, SECOND, timers, YEAR } from "../support/time.js";

const THIRTY_YEARS = 30 * YEAR;
/** What the wheel spans: 6 levels of 64, in milliseconds; about two years and two months. */
const SPAN = 2 ** 36;

function* momentAfter(ms: number) {
  yield* sleep(ms);
  return now();
}

describe("long", () => {
  test("short_sleeps: ten thousand, one after the other", () => {
    runPaused(function* () {
      for (let count = 0; count < 10_000; count++) yield* sleep(1);
      expect(now()).toBe(10_000);
    });
  });

  test("long_sleeps: each of the wheel's levels, and their edges", () => {
    const edges = [6, 12, 18, 24, 30, 36].flatMap((bits) => [
      2 ** bits - 1,
      2 ** bits,
      2 ** bits + 1,
    ]);
    for (const ms of [...edges, SPAN + 12_345, 2 * SPAN, 3 * SPAN - 1, THIRTY_YEARS]) {
      runPaused(function* () {
        yield* sleep(1);
        yield* sleep(ms);
        expect(now()).toBe(1 + ms);
      });
    }
  });

  test("greater_than_max: sleepUntil beyond every wheel", () => {
    runPaused(function* () {
      yield* sleepUntil(Instant.now().plus({ days: 7000 }));
      expect(now()).toBe(7000 * DAY);
    });
  });

  test("multi_long_sleeps: a day at a time for a year", () => {
    runPaused(function* () {
      for (let count = 0; count < 365; count++) yield* sleep(DAY);
      expect(now()).toBe(YEAR);
    });
  });

  test("long and short ones side by side each end at their own moment", () => {
    runPaused(function* () {
      const lengths = [THIRTY_YEARS, 5, DAY, SPAN, YEAR, 2 ** 30, SPAN + 5, 20 * YEAR, SECOND];
      const handles = lengths.map((ms) => spawn(momentAfter, ms));
      for (const [index, handle] of handles.entries()) expect(yield* handle).toBe(lengths[index]);
    });
  });

  test("one that waits a whole span does not hold up one of two weeks", () => {
    runPaused(function* () {
      const span = spawn(momentAfter, SPAN);
      const weeks = spawn(momentAfter, 14 * DAY);
      expect(yield* weeks).toBe(14 * DAY);
      expect(yield* span).toBe(SPAN);
    });
  });

  test("while one waits for ever, months of sleeps go by on time", () => {
    runPaused(function* () {
      const never = spawn(sleep(Number.POSITIVE_INFINITY));
      for (let month = 1; month <= 12 * 29; month++) {
        yield* sleep(30 * DAY);
        if (now() !== month * 30 * DAY) throw new Error(`month ${month} ended at ${now()}`);
      }
      expect(never.isFinished()).toBe(false);
      never.abort();
    });
  });
});

describe("many", () => {
  test("a hundred thousand sleepers, each on time and in order", () => {
    runPaused(function* () {
      const count = 100_000;
      let awake = 0;
      let wrong = 0;
      let last = 0;
      function* sleeper(ms: number) {
        yield* sleep(ms);
        awake += 1;
        if (now() !== ms || now() < last) wrong += 1;
        last = now();
      }
      const handles: JoinHandle<void>[] = [];
      for (let index = 0; index < count; index++)
        handles.push(spawn(sleeper, 1 + ((index * 7919) % 1000)));
      yield* yieldNow();
      expect(timers()).toBe(count);
      for (const handle of handles) yield* handle;
      expect({ awake, wrong, now: now(), timers: timers() }).toEqual({
        awake: count,
        wrong: 0,
        now: 1000,
        timers: 0,
      });
    });
  });

  test("a hundred thousand that are cancelled leave nothing behind", () => {
    runPaused(function* () {
      const handles: JoinHandle<void>[] = [];
      for (let index = 0; index < 100_000; index++) handles.push(spawn(sleep(1 + index)));
      yield* yieldNow();
      expect(timers()).toBe(100_000);
      for (const handle of handles) handle.abort();
      yield* yieldNow();
      expect(timers()).toBe(0);
      expect(now()).toBe(0);
    });
  });
});
