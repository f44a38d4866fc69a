// sleep and sleepUntil under virtual time: how long, in which order, and what one costs. Mirrors Tokio's time_sleep.rs.

import fc from "fast-check";
import {
  borrow,
  PolledAfterCompletionError,
  ready,
  select,
  sleep,
  sleepUntil,
  spawn,
  yieldNow,
} from "tokiwa";
import { advance, Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { now, runPaused, timers } from "../support/time.js";
import { Polled, waiting } from "../sync/polled.js";

describe("how long", () => {
  test("immediate_sleep: until now is over at once", () => {
    runPaused(function* () {
      yield* sleepUntil(Instant.now());
      yield* sleep(0);
      expect(now()).toBe(0);
    });
  });

  test("a deadline that has passed is over at its first poll", () => {
    runPaused(function* () {
      const start = Instant.now();
      yield* advance(100);
      expect(new Polled(sleepUntil(start)).isPending()).toBe(false);
      expect(new Polled(sleepUntil(start.plus(99))).isPending()).toBe(false);
      expect(now()).toBe(100);
    });
  });

  test("delayed_sleep_level_0: exactly as long as asked", () => {
    for (const ms of [1, 10, 60]) {
      runPaused(function* () {
        yield* sleep(ms);
        expect(now()).toBe(ms);
      });
    }
  });

  test("delayed_sleep_wrapping_level_0", () => {
    runPaused(function* () {
      yield* sleep(5);
      yield* sleepUntil(Instant.now().plus(60));
      expect(now()).toBe(65);
    });
  });

  test("sub_ms_delayed_sleep: rounded up to a millisecond", () => {
    runPaused(function* () {
      yield* sleep(0.001);
      expect(now()).toBe(1);
      yield* sleep(1.5);
      expect(now()).toBe(3);
      yield* sleep(2);
      expect(now()).toBe(5);
    });
  });

  test("never early and never a millisecond late, from whatever moment on", () => {
    const fraction = fc.double({ min: 0, max: 5000, noNaN: true });
    fc.assert(
      fc.property(fraction, fraction, (start, ms) => {
        runPaused(function* () {
          yield* advance(start);
          yield* sleep(ms);
          expect(now()).toBeGreaterThanOrEqual(start + ms);
          expect(now()).toBeLessThanOrEqual(Math.ceil(start + ms));
        });
      }),
      { numRuns: 200 },
    );
  });

  test("the time counts from the making, not from the first poll", () => {
    runPaused(function* () {
      const early = sleep(30);
      yield* sleep(20);
      yield* early;
      expect(now()).toBe(30);
    });
  });
});

describe("in which order", () => {
  test("by deadline, and in the order of the first polls within one", () => {
    runPaused(function* () {
      const woken: string[] = [];
      function* sleeper(name: string, ms: number) {
        yield* sleep(ms);
        woken.push(`${name}@${now()}`);
      }
      const delays = [5, 3, 5, 1, 3, 70, 70, 1];
      const handles = delays.map((ms, index) => spawn(sleeper, `${index}`, ms));
      for (const handle of handles) yield* handle;
      expect(woken).toEqual(["3@1", "7@1", "1@3", "4@3", "0@5", "2@5", "5@70", "6@70"]);
    });
  });

  test("sleeps of one moment fire in the order of their polls, whenever those were", () => {
    runPaused(function* () {
      const woken: number[] = [];
      const deadline = Instant.now().plus(10_000);
      function* sleeper(index: number) {
        yield* sleepUntil(deadline);
        woken.push(index);
      }
      const handles = [];
      for (const [index, ms] of [0, 3000, 6900, 95, 4].entries()) {
        yield* sleep(ms);
        handles.push(spawn(sleeper, index));
      }
      for (const handle of handles) yield* handle;
      expect(woken).toEqual([0, 1, 2, 3, 4]);
      expect(now()).toBe(10_000);
    });
  });

  test("programs of sleeps agree with a naive simulation", () => {
    const delay = fc.oneof(fc.nat(5), fc.nat(100), fc.nat(100_000));
    const programs = fc.array(fc.array(delay, { maxLength: 6 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(programs, (programs) => {
        expect(runPrograms(programs)).toEqual(simulate(programs));
      }),
      { numRuns: 150 },
    );
  });
});

/** Each program sleeps its delays one after the other; what woke when. */
function runPrograms(programs: readonly (readonly number[])[]): string[] {
  return runPaused(function* () {
    const events: string[] = [];
    function* sleeper(id: number, delays: readonly number[]) {
      for (const ms of delays) {
        yield* sleep(ms);
        events.push(`${id}@${now()}`);
      }
    }
    const handles = programs.map((delays, id) => spawn(sleeper, id, delays));
    for (const handle of handles) yield* handle;
    return events;
  });
}

function simulate(programs: readonly (readonly number[])[]): string[] {
  const events: string[] = [];
  const waiting: { id: number; at: number; order: number }[] = [];
  const position = programs.map(() => 0);
  let order = 0;
  const proceed = (id: number, time: number): void => {
    const delays = programs[id] as readonly number[];
    for (;;) {
      const ms = delays[position[id] as number];
      if (ms === undefined) return;
      position[id] = (position[id] as number) + 1;
      if (ms > 0) {
        order += 1;
        waiting.push({ id, at: time + ms, order });
        return;
      }
      events.push(`${id}@${time}`);
    }
  };
  for (const id of programs.keys()) proceed(id, 0);
  while (waiting.length > 0) {
    waiting.sort((a, b) => a.at - b.at || a.order - b.order);
    const { id, at } = waiting.shift() as { id: number; at: number };
    events.push(`${id}@${at}`);
    proceed(id, at);
  }
  return events;
}

describe("what one costs", () => {
  test("one that is never polled costs no timer", () => {
    runPaused(function* () {
      const sleeps = Array.from({ length: 100 }, () => sleep(10));
      expect(timers()).toBe(0);
      for (const unused of sleeps) unused[Symbol.dispose]();
      expect(timers()).toBe(0);
    });
  });

  test("one that is polled has a timer until it fires", () => {
    runPaused(function* () {
      const polled = waiting(sleep(10));
      expect(timers()).toBe(1);
      yield* sleep(20);
      expect(polled.isPending()).toBe(false);
      expect(timers()).toBe(0);
    });
  });

  test("polling again makes no second timer", () => {
    runPaused(function* () {
      const polled = waiting(sleep(10));
      for (let polls = 0; polls < 5; polls++) expect(polled.isPending()).toBe(true);
      expect(timers()).toBe(1);
    });
  });

  test("dropping gives the timer back, and twice is harmless", () => {
    runPaused(function* () {
      const polled = waiting(sleep(10));
      polled.drop();
      polled.drop();
      expect(timers()).toBe(0);
      yield* sleep(20);
      expect(polled.isWoken).toBe(false);
    });
  });

  test("a lost select gives the timer back", () => {
    runPaused(function* () {
      const winner = yield* select({ late: sleep(10), now: ready(1) }, { biased: true });
      expect(winner).toEqual({ branch: "now", value: 1 });
      expect(timers()).toBe(0);
      expect(now()).toBe(0);
    });
  });

  test("an aborted task gives the timer back", () => {
    runPaused(function* () {
      const handle = spawn(sleep(1_000_000));
      yield* yieldNow();
      expect(timers()).toBe(1);
      handle.abort();
      yield* yieldNow();
      expect(timers()).toBe(0);
      expect(handle.isFinished()).toBe(true);
    });
  });

  test("dropping one of many leaves the others", () => {
    runPaused(function* () {
      const sleeps = [1, 1, 1, 2, 2].map((ms) => waiting(sleep(ms)));
      sleeps[1]?.drop();
      sleeps[3]?.drop();
      yield* sleep(5);
      expect(sleeps.map((polled) => polled.isWoken)).toEqual([true, false, true, false, true]);
    });
  });
});

describe("what it tells", () => {
  test("deadline", () => {
    runPaused(function* () {
      const start = Instant.now();
      expect(sleep(100).deadline().durationSince(start)).toBe(100);
      const moment = start.plus(77);
      expect(sleepUntil(moment).deadline().valueOf()).toBe(moment.valueOf());
      yield* sleep(1);
    });
  });

  test("is_elapsed: false before, true after", () => {
    runPaused(function* () {
      const nap = sleep(10);
      expect(nap.isElapsed()).toBe(false);
      const polled = waiting(nap);
      expect(nap.isElapsed()).toBe(false);
      yield* sleep(9);
      expect(nap.isElapsed()).toBe(false);
      yield* sleep(1);
      expect(nap.isElapsed()).toBe(true);
      expect(polled.isPending()).toBe(false);
      expect(nap.isElapsed()).toBe(true);
    });
  });

  test("isElapsed: true once the moment has come, though it was never polled", () => {
    runPaused(function* () {
      const nap = sleep(10);
      yield* sleep(20);
      expect(nap.isElapsed()).toBe(true);
    });
  });

  test("polling after completion throws", () => {
    runPaused(function* () {
      const nap = sleep(1);
      yield* borrow(nap);
      expect(() => new Polled(nap).poll()).toThrow(PolledAfterCompletionError);
    });
  });

  test("elapsed sleeps spend budget: a task that finds no other starves nobody", () => {
    runPaused(function* () {
      let rounds = 0;
      let seen = -1;
      const greedy = spawn(function* () {
        for (; rounds < 1000; rounds++) yield* sleep(0);
      });
      const other = spawn(function* () {
        seen = rounds;
      });
      yield* other;
      expect(seen).toBeLessThanOrEqual(128);
      yield* greedy;
      expect(now()).toBe(0);
    });
  });
});
