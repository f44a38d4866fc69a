// Polling by hand: pollOnce, the assertions, task().

import {
  ElapsedError,
  type Future,
  future,
  NotAFutureError,
  Pending,
  pending,
  pollFn,
  ready,
  sleep,
  timeout,
  yieldNow,
} from "tokiwa";
import { iter, ReceiverStream } from "tokiwa/stream";
import { mpsc, oneshot } from "tokiwa/sync";
import {
  AssertionFailedError,
  assertElapsed,
  assertPending,
  assertReady,
  assertRejects,
  assertThrows,
  pollOnce,
  task,
} from "tokiwa/testing";
import { advance } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { Probe, rejection, thrown } from "../support/tasks.js";
import { runPaused } from "../support/time.js";

const failing = (error: unknown): Future<never> =>
  pollFn(() => {
    throw error;
  });

describe("pollOnce", () => {
  test("gives the value, or Pending, or throws", () => {
    expect(pollOnce(ready(5))).toBe(5);
    expect(pollOnce(pending())).toBe(Pending);
    const error = new Error("bad");
    expect(thrown(() => pollOnce(failing(error)))).toBe(error);
  });

  test("polls once", () => {
    const probe = new Probe();
    pollOnce(probe);
    expect(probe.polls).toBe(1);
  });
});

describe("assertPending", () => {
  test("takes a poll, a future and a task", () => {
    assertPending(Pending);
    assertPending(pending());
    assertPending(task(pending()));
  });

  test.each([
    ["a value", 5, "ready with 5"],
    ["undefined", undefined, "ready with undefined"],
    ["a future that is ready", ready("x"), 'ready with "x"'],
    ["a future that throws", failing(new TypeError("bad")), "threw a TypeError"],
  ])("refuses %s", (_, value, message) => {
    const error = thrown(() => assertPending(value as never));
    expect(error).toBeInstanceOf(AssertionFailedError);
    expect(error.message).toContain(message);
  });
});

describe("assertReady", () => {
  test("gives the value", () => {
    const value: number = assertReady(ready(5));
    expect(value).toBe(5);
    expect(assertReady("x")).toBe("x");
    expect(assertReady(undefined)).toBeUndefined();
    expect(assertReady(task(ready(null)))).toBeNull();
  });

  test("compares it by what it holds", () => {
    assertReady(ready({ a: [1, new Map([["b", new Uint8Array([1, 2])]])] }), {
      a: [1, new Map([["b", new Uint8Array([1, 2])]])],
    });
    assertReady(ready(undefined), undefined);
    assertReady(ready(Number.NaN), Number.NaN);
  });

  test.each([
    [1, 2],
    [0, -0],
    [undefined, null],
    [{ a: 1 }, { a: 1, b: undefined }],
    [[1, 2], [1]],
    [[], {}],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]), new Int8Array([1])],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), new Set([1, 2])],
    [new Date(1), new Date(2)],
    [new Error("a"), new Error("b")],
    [() => {}, () => {}],
  ] as [unknown, unknown][])("%j is not %j", (actual, expected) => {
    const error = thrown(() => assertReady(ready(actual), expected)) as AssertionFailedError;
    expect(error).toBeInstanceOf(AssertionFailedError);
    expect(error.actual).toBe(actual);
    expect(error.expected).toBe(expected);
  });

  test("compares circles too", () => {
    const circle = (): object => {
      const self: { self?: object; n: number } = { n: 1 };
      self.self = self;
      return self;
    };
    assertReady(ready(circle()), circle());
  });

  test("refuses what is pending, and keeps the error of what throws as its cause", () => {
    expect(thrown(() => assertReady(pending())).message).toContain("pending");
    const cause = new Error("bad");
    const error = thrown(() => assertReady(failing(cause)));
    expect(error.message).toContain("Error: bad");
    expect(error.cause).toBe(cause);
  });
});

describe("what is polled, and what is refused", () => {
  const both = [
    ["pollOnce", pollOnce],
    ["assertPending", assertPending],
    ["assertReady", assertReady],
  ] as unknown as [string, (value: unknown) => unknown][];

  test("a coroutine is polled, and goes on when it is passed again", () => {
    let lines = 0;
    const coroutine = (function* () {
      lines += 1;
      yield* yieldNow();
      lines += 1;
      return "end";
    })();
    assertPending(coroutine);
    expect(lines).toBe(1);
    expect(assertReady(coroutine, "end")).toBe("end");
    expect(lines).toBe(2);
    expect(thrown(() => pollOnce(coroutine)).name).toBe("PolledAfterCompletionError");
    const failing = (function* (): Generator<never, void> {
      throw new RangeError("in it");
    })();
    assertThrows(failing, RangeError);
    expect(thrown(() => assertReady(pending()))).toBeInstanceOf(AssertionFailedError);
  });

  test("of a stream, and of a task of one, the next item", () => {
    const stream = iter([1, 2]);
    expect(assertReady(task(stream), 1)).toBe(1);
    assertReady(stream, 2);
    assertReady(stream, undefined);
    const [, rx] = mpsc.channel<number>(1);
    const waiting = new ReceiverStream(rx);
    assertPending(waiting);
    assertPending(task(waiting));
    expect(pollOnce(waiting)).toBe(Pending);
    expect(thrown(() => assertReady(task(waiting))).message).toBe("is not ready, but pending");
  });

  test.each(both)("%s refuses promises, and functions that were not called", (name, call) => {
    for (const [value, advice] of [
      [Promise.resolve(1), "await it"],
      [function* work() {}, "call it"],
    ] as const) {
      const error = thrown(() => call(value));
      expect(error).toBeInstanceOf(NotAFutureError);
      expect(error.message).toContain(name);
      expect(error.message).toContain(advice);
    }
  });

  test("pollOnce refuses what is no future; the assertions take it for what a poll gave", () => {
    expect(thrown(() => pollOnce(5 as never))).toBeInstanceOf(NotAFutureError);
    assertReady(5, 5);
  });

  test("the difference of 0 and -0 can be read", () => {
    expect(thrown(() => assertReady(0, -0)).message).toBe("is ready with 0, but should be with -0");
  });
});

describe("assertThrows, assertElapsed, assertRejects", () => {
  test("give the error", () => {
    const error = new TypeError("bad");
    expect(assertThrows(failing(error))).toBe(error);
    expect(assertThrows(failing(error), TypeError)).toBe(error);
    expect(
      assertThrows(() => {
        throw error;
      }, TypeError),
    ).toBe(error);
  });

  test("refuse no error, and another", () => {
    for (const value of [ready(1), pending(), () => 1])
      expect(thrown(() => assertThrows(value))).toBeInstanceOf(AssertionFailedError);
    const cause = new TypeError("bad");
    const error = thrown(() => assertThrows(failing(cause), RangeError));
    expect(error).toBeInstanceOf(AssertionFailedError);
    expect(error.message).toContain("RangeError");
    expect(error.cause).toBe(cause);
  });

  test("assertElapsed sees a timeout that is over", () => {
    runPaused(function* () {
      const slow = task(timeout(10, pending()));
      assertPending(slow);
      yield* advance(10);
      expect(slow.isWoken()).toBe(true);
      expect(assertElapsed(slow)).toBeInstanceOf(ElapsedError);
      expect(thrown(() => assertElapsed(ready(1)))).toBeInstanceOf(AssertionFailedError);
    });
  });

  test("assertRejects waits for it", () => {
    runPaused(function* () {
      const error = yield* assertRejects(timeout(10, pending()), ElapsedError);
      expect(error).toBeInstanceOf(ElapsedError);
      yield* assertRejects(
        (function* () {
          yield* sleep(1);
          throw new Error("later");
        })(),
      );
      const refused = yield* assertRejects(assertRejects(sleep(1)), AssertionFailedError);
      expect(refused.message).toContain("ready with undefined");
      yield* assertRejects(
        assertRejects(failing(new Error("x")), RangeError),
        AssertionFailedError,
      );
    });
  });

  test("assertRejects drops what it waits for", () => {
    const probe = new Probe();
    const waiting = task(assertRejects(probe));
    assertPending(waiting);
    waiting[Symbol.dispose]();
    expect(probe.drops).toBe(1);
  });
});

describe("task", () => {
  test("sees wakes between two polls", () => {
    const [tx, rx] = oneshot.channel<number>();
    using receiving = task(rx);
    assertPending(receiving.poll());
    expect([receiving.isWoken(), receiving.wakeCount()]).toEqual([false, 0]);
    tx.send(5);
    expect([receiving.isWoken(), receiving.wakeCount()]).toEqual([true, 1]);
    assertReady(receiving.poll(), 5);
    expect([receiving.isWoken(), receiving.wakeCount()]).toEqual([false, 1]);
  });

  test("takes a coroutine", () => {
    using task1 = task(
      (function* () {
        yield* yieldNow();
        return "done";
      })(),
    );
    assertPending(task1.poll());
    expect(task1.isWoken()).toBe(true);
    assertReady(task1.poll(), "done");
  });

  test("pollUntilIdle polls as long as it is woken", () => {
    using steps = task(
      future(function* () {
        for (let step = 0; step < 100; step++) yield* yieldNow();
        return "done";
      }),
    );
    assertReady(steps.pollUntilIdle(), "done");
    const probe = new Probe();
    using idle = task(probe);
    assertPending(idle.pollUntilIdle());
    expect(probe.polls).toBe(1);
  });

  test("and gives up on what is never idle", () => {
    let polls = 0;
    using busy = task(
      pollFn((cx) => {
        polls += 1;
        cx.waker.wake();
        return Pending;
      }),
    );
    expect(thrown(() => busy.pollUntilIdle())).toBeInstanceOf(AssertionFailedError);
    expect(polls).toBe(150);
  });

  test("enter gives its context to poll methods", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    using receiving = task(pending());
    expect(receiving.enter((cx) => rx.pollRecv(cx))).toBe(Pending);
    tx.trySend(1);
    expect(receiving.isWoken()).toBe(true);
    expect(receiving.enter((cx) => rx.pollRecv(cx))).toBe(1);
  });

  test("disposing drops the future", () => {
    const probe = new Probe();
    const dropped = task(probe);
    dropped.poll();
    dropped[Symbol.dispose]();
    expect(probe.drops).toBe(1);
  });

  test("polls a stream", () => {
    using stream = task(iter([1, 2]));
    expect([stream.pollNext(), stream.pollUntilIdle(), stream.pollNext()]).toEqual([
      1,
      2,
      undefined,
    ]);
  });

  test("intoInner gives it back, and the task drops nothing", () => {
    const probe = new Probe();
    const taken = task(probe);
    expect(taken.intoInner()).toBe(probe);
    taken[Symbol.dispose]();
    expect(probe.drops).toBe(0);
    expect(thrown(() => taken.poll())).toBeInstanceOf(AssertionFailedError);
    const stream = iter([1]);
    const ofStream = task(stream);
    expect(ofStream.intoInner()).toBe(stream);
    ofStream[Symbol.dispose]();
    expect(thrown(() => ofStream.intoInner())).toBeInstanceOf(AssertionFailedError);
  });

  test("refuses what is neither", () => {
    for (const value of [undefined, 5, function* () {}, Promise.resolve()])
      expect(thrown(() => task(value as never))).toBeInstanceOf(NotAFutureError);
  });
});

test("rejections of the assertions are the library's errors", async () => {
  expect((await rejection(Promise.resolve(assertRejects(ready(1))))).name).toBe(
    "AssertionFailedError",
  );
});
