// fromCoroutine.

import { join, Pending, select, sleep } from "tokiwa";
import { type Emit, fromCoroutine, UndefinedItemError } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { now, runPaused } from "../support/time.js";
import { Polled, restOf, thrownBy } from "./support.js";

describe("fromCoroutine", () => {
  test("gives what is emitted, with waits and arguments, and ends with the coroutine", () => {
    const seen = runPaused(function* () {
      const stream = fromCoroutine(
        function* (emit: Emit<string>, prefix: string, count: number) {
          for (let n = 0; n < count; n++) {
            yield* emit(`${prefix}${n} ${now()}`);
            yield* sleep(10);
          }
        },
        "a",
        2,
      );
      return [yield* stream.collect(), now()];
    });
    expect(seen).toEqual([["a0 0", "a1 10"], 20]);
  });

  test("runs only while an item is wanted", () => {
    const log: string[] = [];
    const stream = fromCoroutine<number>(function* (emit) {
      log.push("began");
      yield* emit(1);
      log.push("between");
      yield* emit(2);
      log.push("after");
    });
    const polled = new Polled(stream);
    expect(log).toEqual([]);
    expect([polled.next(), [...log]]).toEqual([1, ["began"]]);
    expect([polled.next(), [...log]]).toEqual([2, ["began", "between"]]);
    expect([polled.next(), polled.next(), log.length]).toEqual([undefined, undefined, 3]);
    expect(polled.wakes).toBe(0);
  });

  test("dropping it drops the coroutine where it stands", () => {
    const log: string[] = [];
    const stream = fromCoroutine<number>(function* (emit) {
      try {
        yield* emit(1);
      } finally {
        log.push("left");
      }
    });
    new Polled(stream).next();
    stream[Symbol.dispose]();
    stream[Symbol.dispose]();
    expect([log, restOf(stream)]).toEqual([["left"], ["end"]]);
  });

  test("what it throws is thrown, once", () => {
    const polled = new Polled(
      fromCoroutine<number>(function* (emit) {
        yield* emit(1);
        throw new Error("bad");
      }),
    );
    expect(polled.next()).toBe(1);
    expect(() => polled.next()).toThrow("bad");
    expect(polled.next()).toBe(undefined);
  });

  test("undefined cannot be emitted: the coroutine sees it where it stands", () => {
    const stream = fromCoroutine<number | undefined>(function* (emit) {
      try {
        yield* emit(undefined);
      } catch (error) {
        yield* emit(error instanceof UndefinedItemError ? 1 : 0);
      }
    });
    expect(restOf(stream)).toEqual([1, "end"]);
  });

  test("two emits at once: one after the other, nothing lost", () => {
    const stream = fromCoroutine<number>(function* (emit) {
      yield* join(emit(1), emit(2), emit(3));
      yield* emit(4);
    });
    const items = restOf(stream);
    expect(items.slice(0, 3).sort()).toEqual([1, 2, 3]);
    expect(items.slice(3)).toEqual([4, "end"]);
  });

  test("forty emits at once, under wakers of their own", () => {
    const got = runPaused(function* () {
      const stream = fromCoroutine<number>(function* (emit) {
        yield* join(...Array.from({ length: 40 }, (_, index) => emit(index)));
      });
      return (yield* stream.collect()).sort((a, b) => a - b);
    });
    expect(got).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  test("an emit that loses a select before its item was taken gives no item", () => {
    const got = runPaused(function* () {
      const stream = fromCoroutine<number>(function* (emit) {
        yield* select({ item: emit(1), now: sleep(0) }, { biased: true });
        yield* emit(2);
      });
      return yield* stream.collect();
    });
    expect(got).toEqual([2]);
  });

  test("pending while the coroutine is, woken with it", () => {
    runPaused(function* () {
      const polled = new Polled(
        fromCoroutine<number>(function* (emit) {
          yield* sleep(10);
          yield* emit(1);
        }),
      );
      expect(polled.next()).toBe(Pending);
      yield* sleep(10);
      expect([polled.wakes > 0, polled.next()]).toEqual([true, 1]);
    });
  });

  test("refuses what is no function", () => {
    expect(thrownBy(() => fromCoroutine(7 as never))).toMatchObject({ given: 7 });
  });
});
