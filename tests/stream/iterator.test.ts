// Async iterators, both ways.

import { BlockedLoopError, select, sleep, spawn } from "tokiwa";
import { fromAsyncIterable, fromCoroutine, iter, pending, UndefinedItemError } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { loopTurns, paused, rejection, settles } from "../support/tasks.js";
import { now, runPaused, runPausedOnLoop } from "../support/time.js";
import { Fed, Polled, thrownBy } from "./support.js";

describe("a stream in for await", () => {
  test("gives everything, and drops the stream at its end", async () => {
    const source = new Fed(1, 2, 3).end();
    const seen: number[] = [];
    for await (const item of source.map((n) => n)) seen.push(item);
    expect([seen, source.drops]).toEqual([[1, 2, 3], 1]);
  });

  test("leaving the loop drops the stream", async () => {
    const source = new Fed(1, 2, 3);
    for await (const _ of source) break;
    expect([source.drops, source.polls]).toEqual([1, 1]);
  });

  test("an error of the stream comes out of the loop", async () => {
    const source = new Fed(1).fail(new Error("bad"));
    const seen: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const item of source.map((n) => n)) seen.push(item);
      })(),
    );
    expect([seen, error.message, source.drops > 0]).toEqual([[1], "bad", true]);
  });

  test("in an async task, under a clock that stands still", async () => {
    const seen = await runPausedOnLoop(function* () {
      return yield* spawn(async () => {
        const items: string[] = [];
        for await (const item of iter([1, 2, 3]).throttle(1_000)) items.push(`${item} ${now()}`);
        return items;
      });
    });
    expect(seen).toEqual(["1 0", "2 1000", "3 2000"]);
  });

  test("asks the stream only when it is asked", async () => {
    const source = new Fed(1, 2, 3);
    const iterator = source[Symbol.asyncIterator]();
    await loopTurns(1);
    expect(source.polls).toBe(0);
    await iterator.next();
    await loopTurns(1);
    expect(source.polls).toBe(1);
  });

  test("several next() at once are served in their order", async () => {
    const source = new Fed<number>();
    const iterator = source[Symbol.asyncIterator]();
    const steps = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    await loopTurns(1);
    source.push(1);
    await loopTurns(1);
    source.push(2, 3).end();
    expect((await settles(Promise.all(steps))).map((step) => step.value)).toEqual([
      1,
      2,
      3,
      undefined,
    ]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("return() drops the stream at once, and whoever waits is told", async () => {
    const source = new Fed<number>();
    const iterator = source[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next()];
    await loopTurns(1);
    expect(source.polls).toBe(1);
    const returned = iterator.return?.();
    expect(source.drops).toBe(1);
    expect(await settles(Promise.all([...waiting, returned]))).toEqual(
      new Array(3).fill({ done: true, value: undefined }),
    );
  });

  test("a runtime that is shut down rejects who waits, and those behind", async () => {
    const runtime = paused();
    const iterator = pending<number>()[Symbol.asyncIterator]();
    let steps: Promise<unknown>[] = [];
    const guard = runtime.enter();
    steps = [iterator.next(), iterator.next()];
    guard[Symbol.dispose]();
    runtime.shutdownBackground();
    const outcomes = await settles(Promise.allSettled([steps[0]]));
    expect(outcomes[0]?.status).toBe("rejected");
    iterator.return?.();
    await settles(Promise.allSettled(steps));
  });
});

/** An async generator that notes what is done to it. */
function noting(log: string[], count = 3) {
  return (async function* () {
    try {
      for (let n = 1; n <= count; n++) {
        log.push(`made ${n}`);
        yield n;
      }
    } finally {
      log.push("closed");
    }
  })();
}

describe("fromAsyncIterable", () => {
  test("gives everything, and asks only when it is asked", async () => {
    const log: string[] = [];
    const seen = await runPausedOnLoop(function* () {
      const stream = fromAsyncIterable(noting(log));
      const first = yield* stream.next();
      expect(log).toEqual(["made 1"]);
      return [first, yield* stream.collect()];
    });
    expect([seen, log.at(-1)]).toEqual([[1, [2, 3]], "closed"]);
  });

  test("nothing is asked before the first poll", async () => {
    const log: string[] = [];
    fromAsyncIterable(noting(log));
    await loopTurns(1);
    expect(log).toEqual([]);
  });

  test("an error of the iterator is thrown, once", async () => {
    await runPausedOnLoop(function* () {
      const stream = fromAsyncIterable(
        (async function* () {
          yield 1;
          throw new Error("bad");
        })(),
      );
      expect(yield* stream.next()).toBe(1);
      expect(yield* stream.byRef().results().next()).toMatchObject({ error: { message: "bad" } });
      expect(yield* stream.next()).toBe(undefined);
    });
  });

  test("dropping it calls return(), also in the middle of a next()", async () => {
    const log: string[] = [];
    await runPausedOnLoop(function* () {
      const stream = fromAsyncIterable(noting(log));
      yield* stream.next();
      stream[Symbol.dispose]();
      stream[Symbol.dispose]();
      expect(yield* stream.next()).toBe(undefined);
    });
    await loopTurns(1);
    expect(log).toEqual(["made 1", "closed"]);
    let returned = 0;
    const stuck = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: async () => {
          returned += 1;
          throw new Error("nobody is told");
        },
      }),
    };
    const stream = fromAsyncIterable(stuck);
    expect(new Polled(stream).isPending()).toBe(true);
    stream[Symbol.dispose]();
    await loopTurns(1);
    expect(returned).toBe(1);
  });

  test("a next() that loses a select loses nothing: the iterator is not asked twice", async () => {
    let asked = 0;
    const slow = {
      [Symbol.asyncIterator]: () => ({
        next: async (): Promise<IteratorResult<number>> => {
          asked += 1;
          await loopTurns(3);
          return asked > 5 ? { done: true, value: undefined } : { done: false, value: asked };
        },
      }),
    };
    const seen = await runPausedOnLoop(function* () {
      const stream = fromAsyncIterable(slow);
      const items: number[] = [];
      for (;;) {
        const winner = yield* select({ item: stream.next(), tick: sleep(1) });
        if (winner.branch === "tick") continue;
        if (winner.value === undefined) return items;
        items.push(winner.value);
      }
    });
    expect([seen, asked]).toEqual([[1, 2, 3, 4, 5], 6]);
  });

  test("an item that is undefined is refused, and the iterator closed", async () => {
    let closed = false;
    const error = await runPausedOnLoop(function* () {
      const stream = fromAsyncIterable(
        (async function* () {
          try {
            yield undefined;
          } finally {
            closed = true;
          }
        })(),
      );
      return (yield* stream.results().next())?.error;
    });
    await loopTurns(1);
    expect([error instanceof UndefinedItemError, closed]).toEqual([true, true]);
  });

  test("is refused under blockOn, which stops the event loop", () => {
    expect(
      thrownBy(() =>
        runPaused(function* () {
          yield* fromAsyncIterable(noting([])).next();
        }),
      ),
    ).toBeInstanceOf(BlockedLoopError);
  });

  test("a stream stays itself; what is no async iterable is refused", () => {
    const stream = iter([1]);
    expect(fromAsyncIterable(stream)).toBe(stream);
    expect(thrownBy(() => fromAsyncIterable([1] as never))).toMatchObject({ given: [1] });
  });

  test("there and back", async () => {
    const stream = fromCoroutine<number>(function* (emit) {
      for (let n = 0; n < 100; n++) yield* emit(n);
    });
    const back = fromAsyncIterable({
      [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    });
    const seen: number[] = [];
    for await (const item of back) seen.push(item);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });
});
