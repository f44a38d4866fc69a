// timeout and timeoutAt. Mirrors Tokio's time_timeout.rs.

import {
  ElapsedError,
  Future,
  NotAFutureError,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  pending,
  pollFn,
  ready,
  sleep,
  spawn,
  TokiwaError,
  timeout,
  timeoutAt,
  yieldNow,
} from "tokiwa";
import { oneshot } from "tokiwa/sync";
import { consumeBudget } from "tokiwa/task";
import { advance, DurationError, Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { now, runPaused, thrownBy, timers } from "../support/time.js";
import { Polled, waiting } from "../sync/polled.js";

/** Never completes; counts its drops. */
class Watched extends Future<never> {
  drops = 0;
  override poll(): Poll<never> {
    return Pending;
  }
  override [Symbol.dispose](): void {
    this.drops += 1;
  }
}

describe("the value", () => {
  test("simultaneous_deadline_future_completion: wins at zero", () => {
    runPaused(function* () {
      expect(yield* timeout(0, ready(5))).toBe(5);
      expect(yield* timeoutAt(Instant.now(), ready(6))).toBe(6);
    });
  });

  test("completed_future_past_deadline: wins though the deadline has passed", () => {
    runPaused(function* () {
      const start = Instant.now();
      yield* advance(1000);
      expect(yield* timeoutAt(start, ready("late"))).toBe("late");
    });
  });

  test("future_and_deadline_in_future: comes before the deadline", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      const polled = waiting(timeoutAt(Instant.now().plus(100), rx));
      yield* advance(90);
      expect(polled.isPending()).toBe(true);
      tx.send(1);
      expect(polled.isWoken).toBe(true);
      expect(polled.poll()).toBe(1);
      expect(timers()).toBe(0);
    });
  });

  test("wins when it comes in the millisecond of the deadline", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      const polled = waiting(timeout(100, rx));
      yield* advance(100);
      tx.send(1);
      expect(polled.poll()).toBe(1);
    });
  });

  test("very_large_timeout: a timeout of any length is one", () => {
    runPaused(function* () {
      for (const ms of [Number.MAX_VALUE, Number.POSITIVE_INFINITY, 2 ** 53]) {
        expect(yield* timeout(ms, sleep(1))).toBe(undefined);
        expect(timers()).toBe(0);
      }
    });
  });

  test("an error of the future goes through, and the timer is given back", () => {
    runPaused(function* () {
      const failing = pollFn<number>(() => {
        throw new Error("of its own");
      });
      expect(thrownBy(() => new Polled(timeout(10, failing)).poll())).toMatchObject({
        message: "of its own",
      });
      expect(timers()).toBe(0);
      yield* sleep(1);
    });
  });
});

describe("the deadline", () => {
  test("deadline_now_elapses", () => {
    runPaused(function* () {
      expect(() => new Polled(timeoutAt(Instant.now(), pending())).poll()).toThrow(ElapsedError);
      expect(() => new Polled(timeout(0, pending())).poll()).toThrow(ElapsedError);
      yield* sleep(1);
    });
  });

  test("deadline_future_elapses: exactly then", () => {
    runPaused(function* () {
      const start = now();
      let error: unknown;
      try {
        yield* timeout(300, pending());
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(ElapsedError);
      expect(now() - start).toBe(300);
    });
  });

  test("the error has Tokio's words and its own name", () => {
    const error = new ElapsedError();
    expect(error).toBeInstanceOf(TokiwaError);
    expect(error).toMatchObject({ name: "ElapsedError", message: "deadline has elapsed" });
  });

  test("counts from the making, not from the first poll", () => {
    runPaused(function* () {
      const limited = timeout(10, sleep(15));
      yield* sleep(12);
      expect(() => new Polled(limited).poll()).toThrow(ElapsedError);
    });
  });

  test("timeout_is_not_exhausted_by_future: one that spends its budget cannot starve it", () => {
    runPaused(function* () {
      let polls = 0;
      const greedy = (function* () {
        for (;;) {
          yield* consumeBudget();
          polls += 1;
        }
      })();
      const limited = spawn(timeout(10, greedy));
      yield* yieldNow();
      expect(polls).toBeGreaterThanOrEqual(128);
      yield* advance(10);
      const error = yield* caught(limited);
      expect(error).toMatchObject({ isPanic: true });
      expect((error as Error).cause).toBeInstanceOf(ElapsedError);
      expect(now()).toBe(10);
    });
  });

  test("the inner of two counts first", () => {
    runPaused(function* () {
      const inner = timeout(10, sleep(100));
      const error = yield* caught(timeout(50, inner));
      expect(error).toBeInstanceOf(ElapsedError);
      expect(now()).toBe(10);
      expect(timers()).toBe(0);
    });
  });
});

/** What a future throws. */
function* caught(future: Future<unknown>) {
  try {
    yield* future;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("dropping", () => {
  test("the future is dropped when the time is up, before the error is seen", () => {
    runPaused(function* () {
      const inner = new Watched();
      const error = yield* caught(timeout(10, inner));
      expect(error).toBeInstanceOf(ElapsedError);
      expect(inner.drops).toBe(1);
    });
  });

  test("a coroutine's finally runs when the time is up", () => {
    runPaused(function* () {
      const steps: string[] = [];
      const body = (function* () {
        try {
          yield* sleep(100);
        } finally {
          steps.push(`finally@${now()}`);
        }
      })();
      yield* caught(timeout(10, body));
      steps.push("elapsed");
      expect(steps).toEqual(["finally@10", "elapsed"]);
      expect(timers()).toBe(0);
    });
  });

  test("dropping the timeout drops the future and gives the timer back", () => {
    runPaused(function* () {
      const inner = new Watched();
      const polled = waiting(timeout(10, inner));
      expect(timers()).toBe(1);
      polled.drop();
      polled.drop();
      expect(inner.drops).toBe(1);
      expect(timers()).toBe(0);
      yield* sleep(20);
      expect(polled.isWoken).toBe(false);
    });
  });

  test("one that was never polled drops its future too", () => {
    runPaused(function* () {
      const inner = new Watched();
      timeout(10, inner)[Symbol.dispose]();
      expect(inner.drops).toBe(1);
      yield* sleep(1);
    });
  });
});

test("polling after completion throws, after the value and after the error", () => {
  runPaused(function* () {
    const done = new Polled(timeout(10, ready(1)));
    done.poll();
    expect(() => done.poll()).toThrow(PolledAfterCompletionError);
    const elapsed = new Polled(timeout(0, pending()));
    expect(() => elapsed.poll()).toThrow(ElapsedError);
    expect(() => elapsed.poll()).toThrow(PolledAfterCompletionError);
    yield* sleep(1);
  });
});

test("bad arguments are refused at the call", () => {
  runPaused(function* () {
    expect(thrownBy(() => timeout(-1, ready(1)))).toBeInstanceOf(DurationError);
    expect(thrownBy(() => timeout(1, 5 as never))).toBeInstanceOf(NotAFutureError);
    expect(thrownBy(() => timeout(1, Promise.resolve(1) as never))).toBeInstanceOf(NotAFutureError);
    expect(thrownBy(() => timeoutAt(Instant.now(), (() => {}) as never))).toBeInstanceOf(
      NotAFutureError,
    );
    yield* sleep(1);
  });
});
