// interval and intervalAt: first tick at once, and the three policies exactly as Tokio documents and tests them.

import { interval, intervalAt, PolledAfterCompletionError, select, sleep } from "tokiwa";
import { InvalidArgumentError } from "tokiwa/runtime";
import {
  advance,
  DurationError,
  Instant,
  type Interval,
  type MissedTickBehavior,
} from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { now, runPaused, thrownBy, timers } from "../support/time.js";
import { Polled, waiting } from "../sync/polled.js";

/** The moment of the tick that is there, or undefined when none is. */
function polledTick(ticks: Interval): number | undefined {
  const tick = ticks.tick();
  const at = new Polled(tick).poll();
  tick[Symbol.dispose]();
  return at instanceof Instant ? at.valueOf() : undefined;
}

/** Advances to each moment and polls there: what was expected, and what came. */
function* follow(
  ticks: Interval,
  moments: readonly (readonly [number, ...(number | undefined)[]])[],
) {
  for (const [moment, ...expected] of moments) {
    yield* advance(moment - now());
    const came = expected.map(() => polledTick(ticks));
    expect({ moment, came }).toEqual({ moment, came: expected });
  }
}

test("usage: the first tick comes at once, then one each period", () => {
  runPaused(function* () {
    const ticks = interval(300);
    yield* follow(ticks, [
      [0, 0, undefined],
      [100, undefined],
      [300, 300, undefined],
      [600, 600],
    ]);
  });
});

test("awaited ticks give the moments for which they were scheduled", () => {
  runPaused(function* () {
    const ticks = interval(10);
    const moments: number[] = [];
    for (let count = 0; count < 4; count++) moments.push((yield* ticks.tick()).valueOf());
    expect(moments).toEqual([0, 10, 20, 30]);
    expect(now()).toBe(30);
  });
});

test("intervalAt: the first tick comes then", () => {
  runPaused(function* () {
    const ticks = intervalAt(Instant.now().plus(25), 10);
    yield* follow(ticks, [
      [0, undefined],
      [24, undefined],
      [25, 25, undefined],
      [35, 35],
    ]);
  });
});

test("a period that is no whole number does not drift", () => {
  runPaused(function* () {
    const ticks = interval(2.5);
    let last = Instant.now();
    for (let count = 0; count < 5; count++) last = yield* ticks.tick();
    expect(last.valueOf()).toBe(10);
    expect(now()).toBe(10);
  });
});

describe("missed ticks", () => {
  test("burst, as tested: they come one after the other until it has caught up", () => {
    runPaused(function* () {
      yield* follow(interval(300), [
        [0, 0, undefined],
        [100, undefined],
        [300, 300, undefined],
        [700, 600, undefined],
        [1100, 900, undefined],
        [1200, 1200, undefined],
        [1300, undefined],
        [2100, 1500, 1800, 2100, undefined],
      ]);
    });
  });

  test("burst, as documented: period 50, work of 200", () => {
    runPaused(function* () {
      const ticks = interval(50);
      yield* ticks.tick();
      yield* sleep(200);
      const came: string[] = [];
      for (let count = 0; count < 5; count++)
        came.push(`${(yield* ticks.tick()).valueOf()}@${now()}`);
      expect(came).toEqual(["50@200", "100@200", "150@200", "200@200", "250@250"]);
    });
  });

  test("delay, as tested: a period after the late one", () => {
    runPaused(function* () {
      yield* follow(interval(300, { missedTickBehavior: "delay" }), [
        [0, 0, undefined],
        [100, undefined],
        [300, 300, undefined],
        [700, 600, undefined],
        [1100, 1000, undefined],
        [1200, undefined],
        [1300, undefined],
        [1400, 1400, undefined],
      ]);
    });
  });

  test("delay, as documented: period 50, work of 200", () => {
    runPaused(function* () {
      const ticks = interval(50, { missedTickBehavior: "delay" });
      yield* ticks.tick();
      yield* sleep(200);
      const came: string[] = [];
      for (let count = 0; count < 3; count++)
        came.push(`${(yield* ticks.tick()).valueOf()}@${now()}`);
      expect(came).toEqual(["50@200", "250@250", "300@300"]);
    });
  });

  test("skip, as tested: the next multiple of the period", () => {
    runPaused(function* () {
      yield* follow(interval(300, { missedTickBehavior: "skip" }), [
        [0, 0, undefined],
        [100, undefined],
        [300, 300, undefined],
        [700, 600, undefined],
        [1100, 900, undefined],
        [1200, 1200, undefined],
        [1300, undefined],
        [1500, 1500, undefined],
      ]);
    });
  });

  test("skip, as documented: period 50, work of 75", () => {
    runPaused(function* () {
      const ticks = interval(50, { missedTickBehavior: "skip" });
      yield* ticks.tick();
      yield* sleep(75);
      const came: string[] = [];
      for (let count = 0; count < 3; count++)
        came.push(`${(yield* ticks.tick()).valueOf()}@${now()}`);
      expect(came).toEqual(["50@75", "100@100", "150@150"]);
    });
  });

  test("skip by exactly a multiple: the next tick lies a period ahead", () => {
    runPaused(function* () {
      yield* follow(interval(50, { missedTickBehavior: "skip" }), [
        [0, 0],
        [200, 50, undefined],
        [249, undefined],
        [250, 250],
      ]);
    });
  });

  test.each([
    ["burst", 100, 100],
    ["delay", 100, 106],
    ["skip", 100, 100],
  ] as const)("%s: five milliseconds late is no miss, six are", (behavior, atFive, atSix) => {
    for (const [late, next] of [
      [5, atFive],
      [6, atSix],
    ] as const) {
      runPaused(function* () {
        const ticks = interval(50, { missedTickBehavior: behavior });
        yield* ticks.tick();
        yield* sleep(50 + late);
        yield* ticks.tick();
        expect((yield* ticks.tick()).valueOf()).toBe(next);
        expect(now()).toBe(next);
      });
    }
  });

  test("an interval that began in the past catches up by its policy", () => {
    const nexts: Record<MissedTickBehavior, number[]> = {
      burst: [20, 40, 60, 80, 100, 120],
      delay: [20, 110, 130, 150, 170, 190],
      skip: [20, 100, 120, 140, 160, 180],
    };
    for (const behavior of ["burst", "delay", "skip"] as const) {
      runPaused(function* () {
        const start = Instant.now().plus(20);
        yield* advance(90);
        const ticks = intervalAt(start, 20, { missedTickBehavior: behavior });
        const came: number[] = [];
        for (let count = 0; count < 6; count++) came.push((yield* ticks.tick()).valueOf());
        expect(came).toEqual(nexts[behavior]);
      });
    }
  });

  test("the policy may be changed under way", () => {
    runPaused(function* () {
      const ticks = interval(50);
      expect(ticks.missedTickBehavior).toBe("burst");
      yield* ticks.tick();
      ticks.missedTickBehavior = "delay";
      expect(ticks.missedTickBehavior).toBe("delay");
      yield* sleep(80);
      yield* ticks.tick();
      expect((yield* ticks.tick()).valueOf()).toBe(130);
    });
  });
});

describe("cancellation", () => {
  test("tick is cancel-safe: one that lost a select is not lost", () => {
    runPaused(function* () {
      const ticks = interval(10);
      const came: string[] = [];
      for (let round = 0; round < 30; round++) {
        const winner = yield* select({ tick: ticks.tick(), other: sleep(3) });
        if (winner.branch === "tick") came.push(`${winner.value.valueOf()}@${now()}`);
      }
      expect(came.slice(0, 5)).toEqual(["0@0", "10@10", "20@20", "30@30", "40@40"]);
    });
  });

  test("a dropped interval has no timer, and one has one at most", () => {
    runPaused(function* () {
      const ticks = interval(10);
      expect(timers()).toBe(0);
      yield* ticks.tick();
      const tick = waiting(ticks.tick());
      expect(timers()).toBe(1);
      tick.drop();
      waiting(ticks.tick());
      expect(timers()).toBe(1);
      ticks[Symbol.dispose]();
      ticks[Symbol.dispose]();
      expect(timers()).toBe(0);
    });
  });

  test("a tick polled after completion throws", () => {
    runPaused(function* () {
      const tick = new Polled(interval(10).tick());
      tick.poll();
      expect(() => tick.poll()).toThrow(PolledAfterCompletionError);
      yield* sleep(1);
    });
  });
});

describe("settings", () => {
  test("period tells the period, in milliseconds", () => {
    runPaused(function* () {
      expect(interval(10).period).toBe(10);
      expect(interval({ seconds: 2 }).period).toBe(2000);
      yield* sleep(1);
    });
  });

  test("interval_zero_duration: a period of zero is refused, and the error names the argument", () => {
    runPaused(function* () {
      for (const make of [
        () => interval(0),
        () => interval({ seconds: 0 }),
        () => intervalAt(Instant.now(), 0),
      ]) {
        const error = thrownBy(make);
        expect(error).toBeInstanceOf(DurationError);
        expect((error as Error).message).toMatch(/zero/);
      }
      expect(thrownBy(() => interval(0))).toMatchObject({ argument: "interval(period)", given: 0 });
      yield* sleep(1);
    });
  });

  test("an unknown policy is refused", () => {
    runPaused(function* () {
      const error = thrownBy(() => interval(1, { missedTickBehavior: "catchUp" as never }));
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error).toMatchObject({ argument: "missedTickBehavior", given: "catchUp" });
      const ticks = interval(1);
      expect(
        thrownBy(() => {
          ticks.missedTickBehavior = "" as never;
        }),
      ).toBeInstanceOf(InvalidArgumentError);
      expect(ticks.missedTickBehavior).toBe("burst");
      yield* sleep(1);
    });
  });
});

test("made outside of every runtime: ticks by the clock of the runtime that polls it", () => {
  const ticks = interval(10);
  runPaused(function* () {
    yield* ticks.tick();
    const start = now();
    const first = yield* ticks.tick();
    expect(now() - start).toBeLessThanOrEqual(10);
    expect(first.valueOf()).toBeLessThanOrEqual(now());
    yield* ticks.tick();
    expect(now() - start).toBeLessThanOrEqual(20);
  });
});
