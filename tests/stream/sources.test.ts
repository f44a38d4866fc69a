// The small sources: empty, once, pending, iter, fromPollFn, unfold.

import { Pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import {
  empty,
  fromPollFn,
  iter,
  once,
  pending,
  StreamArgumentError,
  UndefinedItemError,
  unfold,
} from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { now, runPaused } from "../support/time.js";
import { Polled, restOf, thrownBy } from "./support.js";

describe("empty, once, pending", () => {
  test("empty has ended, and stays so", () => {
    const polled = new Polled(empty<number>());
    expect([polled.next(), polled.next()]).toEqual([undefined, undefined]);
  });

  test("once gives its item once", () => {
    const polled = new Polled(once("a"));
    expect([polled.next(), polled.next(), polled.next()]).toEqual(["a", undefined, undefined]);
  });

  test("once refuses undefined at the call", () => {
    expect(thrownBy(() => once(undefined))).toBeInstanceOf(UndefinedItemError);
  });

  test("pending never gives anything", () => {
    const polled = new Polled(pending<number>());
    expect([polled.next(), polled.next(), polled.wakes]).toEqual([Pending, Pending, 0]);
  });

  test("a dropped pending has ended", () => {
    const stream = pending<number>();
    stream[Symbol.dispose]();
    expect(restOf(stream)).toEqual(["end"]);
  });
});

describe("iter", () => {
  test("gives the items of an array, null and false among them", () => {
    expect(restOf(iter([1, null, false, 0, ""]))).toEqual([1, null, false, 0, "", "end"]);
  });

  test("asks nothing before the first poll, and no more than it is asked", () => {
    let given = 0;
    function* counting() {
      for (;;) yield ++given;
    }
    const polled = new Polled(iter(counting()));
    expect(given).toBe(0);
    polled.next();
    polled.next();
    expect(given).toBe(2);
  });

  test("dropping it ends the generator", () => {
    const log: string[] = [];
    function* noting() {
      try {
        yield 1;
        yield 2;
      } finally {
        log.push("closed");
      }
    }
    const stream = iter(noting());
    new Polled(stream).next();
    stream[Symbol.dispose]();
    stream[Symbol.dispose]();
    expect([log, restOf(stream)]).toEqual([["closed"], ["end"]]);
  });

  test("a generator that throws ends it", () => {
    function* failing() {
      yield 1;
      throw new Error("no more");
    }
    const polled = new Polled(iter(failing()));
    expect(polled.next()).toBe(1);
    expect(() => polled.next()).toThrow("no more");
    expect(polled.next()).toBe(undefined);
  });

  test("an item that is undefined is refused, and the generator closed", () => {
    let closed = false;
    function* bad() {
      try {
        yield undefined;
      } finally {
        closed = true;
      }
    }
    const stream = iter(bad());
    expect(thrownBy(() => restOf(stream))).toBeInstanceOf(UndefinedItemError);
    expect([closed, restOf(stream)]).toEqual([true, ["end"]]);
  });

  test("refuses what cannot be iterated", () => {
    for (const value of [7, null, undefined]) {
      const error = thrownBy(() => iter(value as unknown as number[])) as Error;
      expect(error).toBeInstanceOf(StreamArgumentError);
      expect(error.message).toBe(
        `iter(iterable) was given ${value}, but must be an iterable; for one that is async there is \`fromAsyncIterable\``,
      );
    }
  });

  test("spends the budget: another task has its turn within an endless stream", () => {
    function* endless() {
      for (let at = 0; ; at++) yield at;
    }
    const seen = runPaused(function* () {
      let stop = false;
      const other = spawn(function* () {
        yield* yieldNow();
        stop = true;
      });
      const stream = iter(endless()).takeWhile(() => !stop);
      const items = yield* stream.collect();
      yield* other;
      return items.length;
    });
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(1_000);
  });
});

describe("fromPollFn", () => {
  test("is called at every poll, until it says that it has ended", () => {
    let calls = 0;
    const stream = fromPollFn<number>(() => {
      calls += 1;
      return calls === 1 ? Pending : calls < 4 ? calls : undefined;
    });
    const polled = new Polled(stream);
    expect(polled.isPending()).toBe(true);
    expect(polled.rest()).toEqual([2, 3, "end"]);
    expect(polled.rest()).toEqual(["end"]);
    expect(calls).toBe(4);
  });

  test("a throw ends it", () => {
    const polled = new Polled(
      fromPollFn<number>(() => {
        throw new Error("bad");
      }),
    );
    expect(() => polled.next()).toThrow("bad");
    expect(polled.next()).toBe(undefined);
  });
});

describe("unfold", () => {
  test("makes items of a state, with waits between them", () => {
    const seen = runPaused(function* () {
      const stream = unfold(1, function* (state: number) {
        yield* sleep(10);
        return state > 3 ? undefined : ([state * 10, state + 1] as const);
      });
      const items = yield* stream.collect();
      return { items, at: now() };
    });
    expect(seen).toEqual({ items: [10, 20, 30], at: 40 });
  });

  test("takes futures too", () => {
    const stream = unfold(0, (n: number) => ready(n < 2 ? ([n, n + 1] as const) : undefined));
    expect(restOf(stream)).toEqual([0, 1, "end"]);
  });

  test("dropping a next in the middle loses nothing; dropping the stream drops the future", () => {
    const log: string[] = [];
    runPaused(function* () {
      const stream = unfold(0, function* (n: number) {
        try {
          yield* sleep(10);
          return [n, n + 1] as const;
        } finally {
          log.push(`left ${n}`);
        }
      });
      const first = new Polled(stream);
      expect(first.isPending()).toBe(true);
      expect(log).toEqual([]);
      expect(yield* stream.next()).toBe(0);
      expect(new Polled(stream).isPending()).toBe(true);
      stream[Symbol.dispose]();
    });
    expect(log).toEqual(["left 0", "left 1"]);
  });

  test("what the function throws ends it", () => {
    const polled = new Polled(
      unfold(0, () => {
        throw new Error("bad");
      }),
    );
    expect(() => polled.next()).toThrow("bad");
    expect(polled.next()).toBe(undefined);
  });
});
