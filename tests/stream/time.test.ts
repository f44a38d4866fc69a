// timeout, timeoutRepeating, throttle: under a clock that stands still, and outside of every runtime.

import {
  DurationError,
  ElapsedError,
  interval,
  intervalAt,
  Pending,
  sleep,
  spawn,
  Waker,
} from "tokiwa";
import { Builder } from "tokiwa/runtime";
import {
  fromCoroutine,
  iter,
  pending,
  ReceiverStream,
  type Result,
  type Stream,
} from "tokiwa/stream";
import { mpsc } from "tokiwa/sync";
import { Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { settles } from "../support/tasks.js";
import { now, runPaused, timers } from "../support/time.js";
import { Fed, fed, Polled, thrownBy } from "./support.js";

/** Numbers from 1 on at the given moments. */
function at(...moments: number[]): Stream<number> {
  return fromCoroutine<number>(function* (emit) {
    for (const [index, moment] of moments.entries()) {
      yield* sleep(Math.max(0, moment - now()));
      yield* emit(index + 1);
    }
  });
}

/** Each item and when it came; "late" for an error. */
function* timeline(stream: Stream<Result<number>>) {
  const seen: string[] = [];
  for (;;) {
    const item = yield* stream.next();
    if (item === undefined) return [...seen, `end ${now()}`];
    const what = "value" in item ? item.value : item.error instanceof ElapsedError && "late";
    seen.push(`${what} ${now()}`);
  }
}

describe("timeout", () => {
  test("one error in a gap, then a wait for however long it takes", () => {
    const seen = runPaused(function* () {
      return yield* timeline(at(10, 50, 500, 510).timeout(100));
    });
    expect(seen).toEqual(["1 10", "2 50", "late 150", "3 500", "4 510", "end 510"]);
  });

  test("the time begins with the first poll", () => {
    const seen = runPaused(function* () {
      const stream = pending<number>().timeout(100);
      yield* sleep(1_000);
      yield* stream.next();
      return now();
    });
    expect(seen).toBe(1_100);
  });

  test("an item that is there wins, even at zero", () => {
    const seen = runPaused(function* () {
      return yield* timeline(iter([1, 2]).timeout(0));
    });
    expect(seen).toEqual(["1 0", "2 0", "end 0"]);
  });

  test("fires for one who polls from another task than before", () => {
    const seen = runPaused(function* () {
      const stream = pending<number>().timeout(100);
      expect(new Polled(stream).isPending()).toBe(true);
      const other = spawn(function* () {
        yield* stream.next();
        return now();
      });
      return yield* other;
    });
    expect(seen).toBe(100);
  });

  test("unwrap makes a throw of it, and gives the timer back", () => {
    runPaused(function* () {
      const stream = pending<number>().timeout({ seconds: 1 }).unwrap();
      const error = yield* stream.results().next();
      expect(error?.error).toBeInstanceOf(ElapsedError);
      expect([now(), timers()]).toEqual([1_000, 0]);
    });
  });

  test("a drop gives the timer back", () => {
    runPaused(function* () {
      const stream = pending<number>().timeout(100);
      expect(new Polled(stream).isPending()).toBe(true);
      expect(timers()).toBe(1);
      stream[Symbol.dispose]();
      expect(timers()).toBe(0);
    });
  });

  test("is seen by a task that has spent its budget", () => {
    const seen = runPaused(function* () {
      const [tx, rx] = mpsc.unbounded<number>();
      for (let n = 0; n < 1_000; n++) tx.send(n);
      using _ = tx;
      const stream = new ReceiverStream(rx).filter(() => false).timeout(10);
      const item = yield* stream.next();
      return [item?.error instanceof ElapsedError, now()];
    });
    expect(seen).toEqual([true, 10]);
  });

  test("refuses a bad duration at the call", () => {
    for (const make of [
      () => iter([1]).timeout(-1),
      () => iter([1]).throttle(Number.NaN),
      () => iter([1]).chunksTimeout(1, -1),
    ])
      expect(thrownBy(make)).toBeInstanceOf(DurationError);
  });

  test("needs a runtime with timers, and says so", () => {
    const runtime = Builder.newCurrentThread().build();
    expect(() =>
      runtime.blockOn(function* () {
        yield* pending<number>().timeout(10).next();
      }),
    ).toThrow(/timers/);
    runtime.shutdownBackground();
  });

  test("outside of every runtime it is the host's clock", async () => {
    const stream = pending<number>().timeout(5);
    await settles(
      new Promise<void>((resolve) => {
        expect(stream.pollNext({ waker: Waker.from(resolve) })).toBe(Pending);
      }),
    );
    const polled = new Polled(stream);
    expect((polled.next() as Result<number>).error).toBeInstanceOf(ElapsedError);
    expect(polled.isPending()).toBe(true);
  });
});

describe("timeoutRepeating", () => {
  test("an error at each tick, and an item begins anew", () => {
    const seen = runPaused(function* () {
      const ticks = intervalAt(Instant.now().plus(100), 100);
      return yield* timeline(at(250, 300, 700).timeoutRepeating(ticks));
    });
    expect(seen).toEqual([
      "late 100",
      "late 200",
      "1 250",
      "2 300",
      "late 400",
      "late 500",
      "late 600",
      "3 700",
      "end 700",
    ]);
  });

  test("an interval whose first tick comes at once reports at once, unless an item is there", () => {
    const seen = runPaused(function* () {
      const first = yield* timeline(at(50).timeoutRepeating(interval(100)));
      const second = yield* timeline(fed(1).timeoutRepeating(interval(100)));
      return [first, second];
    });
    expect(seen).toEqual([
      ["late 0", "1 50", "end 50"],
      ["1 50", "end 50"],
    ]);
  });

  test("a drop gives the interval back", () => {
    runPaused(function* () {
      const stream = pending<number>().timeoutRepeating(intervalAt(Instant.now().plus(5), 100));
      expect(new Polled(stream).isPending()).toBe(true);
      expect(timers()).toBe(1);
      stream[Symbol.dispose]();
      expect(timers()).toBe(0);
    });
  });
});

describe("throttle", () => {
  test("the first comes at once, the others a gap apart", () => {
    const seen = runPaused(function* () {
      return yield* timeline(iter([1, 2, 3]).throttle(100).results());
    });
    expect(seen).toEqual(["1 0", "2 100", "3 200", "end 300"]);
  });

  test("asks its source for nothing meanwhile", () => {
    runPaused(function* () {
      const source = fed(1, 2);
      const polled = new Polled(source.throttle(100));
      expect(polled.next()).toBe(1);
      expect([polled.isPending(), polled.isPending(), source.polls]).toEqual([true, true, 1]);
      yield* sleep(100);
      expect([polled.next(), source.polls]).toEqual([2, 2]);
    });
  });

  test("a gap that has gone by is no gap", () => {
    const seen = runPaused(function* () {
      return yield* timeline(at(10, 500, 520).throttle(100).results());
    });
    expect(seen).toEqual(["1 10", "2 500", "3 600", "end 700"]);
  });

  test("0 changes nothing, and takes no timer", () => {
    runPaused(function* () {
      const polled = new Polled(fed(1, 2).throttle(0));
      expect(polled.rest()).toEqual([1, 2, "end"]);
      expect(timers()).toBe(0);
    });
  });

  test("a drop gives the timer back", () => {
    runPaused(function* () {
      const source = new Fed(1);
      const stream = source.throttle(100);
      const polled = new Polled(stream);
      polled.rest();
      expect(timers()).toBe(1);
      stream[Symbol.dispose]();
      expect([timers(), source.drops]).toEqual([0, 1]);
    });
  });
});
