// Virtual time: where the clock stands, when it moves by itself and how far. Mirrors Tokio's time_pause.rs.

import { sleep, spawn, yieldNow } from "tokiwa";
import { Builder, ClockError, NoRuntimeError, type Runtime } from "tokiwa/runtime";
import { advance, Instant, pause, resume } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { DAY, now, runPaused, thrownBy } from "../support/time.js";
import { waiting } from "../sync/polled.js";

function runningRuntime(): Runtime {
  return Builder.newCurrentThread().enableAll().build();
}

describe("startPaused", () => {
  test("the clock starts at zero", () => {
    runPaused(function* () {
      expect(now()).toBe(0);
      yield* yieldNow();
      expect(now()).toBe(0);
    });
  });

  test("startPaused(false) lets it run", () => {
    const runtime = Builder.newCurrentThread().enableAll().startPaused(false).build();
    runtime.blockOn(function* () {
      expect(thrownBy(resume)).toBeInstanceOf(ClockError);
      yield* yieldNow();
    });
  });
});

describe("while it stands", () => {
  test("time does not pass while tasks are runnable, timers or not", () => {
    runPaused(function* () {
      const nap = waiting(sleep(1));
      for (let turns = 0; turns < 1000; turns++) {
        yield* yieldNow();
        if (now() !== 0) throw new Error(`the clock moved at turn ${turns}`);
      }
      expect(nap.isWoken).toBe(false);
    });
  });

  test("real time does not count", () => {
    runPaused(function* () {
      const nap = waiting(sleep(1));
      const until = performance.now() + 5;
      while (performance.now() < until);
      yield* yieldNow();
      expect(now()).toBe(0);
      expect(nap.isWoken).toBe(false);
    });
  });

  test("it jumps exactly to the next timer when nothing is runnable", () => {
    runPaused(function* () {
      const moments: number[] = [];
      function* sleeper(...delays: number[]) {
        for (const ms of delays) {
          yield* sleep(ms);
          moments.push(now());
        }
      }
      const first = spawn(sleeper, 7, 100_000, 3);
      const second = spawn(sleeper, 3, 3, DAY);
      yield* first;
      yield* second;
      expect(moments).toEqual([3, 6, 7, 100_007, 100_010, DAY + 6]);
    });
  });

  test("a timer that was given back does not stop the jump", () => {
    runPaused(function* () {
      const polled = waiting(sleep(5));
      polled.drop();
      yield* sleep(10);
      expect(now()).toBe(10);
    });
  });

  test("paused_time_is_deterministic: two runs see the same times", () => {
    const run = (): number[] =>
      runPaused(function* () {
        const seen: number[] = [];
        const handles = Array.from({ length: 20 }, (_, index) =>
          spawn(function* () {
            for (let round = 1; round < 5; round++) {
              yield* sleep((index * 37) % (round * 11));
              seen.push(index * 1e6 + now());
            }
          }),
        );
        for (const handle of handles) yield* handle;
        return seen;
      });
    expect(run()).toEqual(run());
  });
});

describe("pause", () => {
  test("pause_time_in_main: a running clock can be stopped, and then jumps", () => {
    const elapsed = runningRuntime().blockOn(function* () {
      pause();
      const start = Instant.now();
      yield* sleep(DAY);
      return Instant.now().durationSince(start);
    });
    expect(elapsed).toBe(DAY);
  });

  test("pause_time_in_spawn", () => {
    const elapsed = runningRuntime().blockOn(function* () {
      return yield* spawn(function* () {
        pause();
        const start = Instant.now();
        yield* sleep(DAY);
        return Instant.now().durationSince(start);
      });
    });
    expect(elapsed).toBe(DAY);
  });

  test("never turns the clock back, and makes no timer early", () => {
    runningRuntime().blockOn(function* () {
      const before = Instant.now();
      const nap = sleep(1000);
      pause();
      expect(Instant.now().valueOf()).toBeGreaterThanOrEqual(before.valueOf());
      yield* nap;
      expect(Instant.now().durationSince(before)).toBeGreaterThanOrEqual(1000);
      expect(Instant.now().durationSince(before)).toBeLessThan(1002 + 1000);
    });
  });

  test("pausing twice throws", () => {
    runPaused(function* () {
      const error = thrownBy(pause);
      expect(error).toBeInstanceOf(ClockError);
      expect((error as Error).message).toMatch(/already frozen/);
      yield* sleep(3);
      expect(now()).toBe(3);
    });
  });

  test("outside of every runtime it is refused", () => {
    expect(thrownBy(pause)).toBeInstanceOf(NoRuntimeError);
    expect(thrownBy(resume)).toBeInstanceOf(NoRuntimeError);
  });
});

describe("resume", () => {
  test("the clock runs on from where it stands", () => {
    runPaused(function* () {
      yield* advance(DAY);
      resume();
      const start = Instant.now();
      expect(start.valueOf()).toBeGreaterThanOrEqual(DAY);
      expect(start.valueOf()).toBeLessThan(2 * DAY);
      const real = performance.now();
      yield* sleep(5);
      expect(Instant.now().durationSince(start)).toBeGreaterThanOrEqual(5);
      expect(performance.now() - real).toBeGreaterThanOrEqual(4.9);
    });
  });

  test("pause after resume stops it again, not before where it was", () => {
    runPaused(function* () {
      yield* advance(1000);
      resume();
      yield* sleep(2);
      pause();
      const start = Instant.now();
      expect(start.valueOf()).toBeGreaterThanOrEqual(1002);
      yield* sleep(DAY);
      expect(Instant.now().durationSince(start)).toBe(DAY);
    });
  });

  test("a sleep made while it stood fires once that much time has really passed", () => {
    runPaused(function* () {
      const nap = waiting(sleep(5));
      resume();
      const real = performance.now();
      yield* nap.future;
      expect(performance.now() - real).toBeGreaterThanOrEqual(4);
      expect(now()).toBeGreaterThanOrEqual(5);
    });
  });

  test("resuming a clock that runs throws", () => {
    runningRuntime().blockOn(function* () {
      expect(thrownBy(resume)).toBeInstanceOf(ClockError);
      yield* yieldNow();
    });
    runPaused(function* () {
      resume();
      expect(thrownBy(resume)).toBeInstanceOf(ClockError);
      yield* yieldNow();
    });
  });
});
