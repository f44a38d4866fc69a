// Errors and drops: what a stream holds is given back, by whichever way it ends.

import { type Future, type IntoFuture, Pending, PolledAfterCompletionError, ready } from "tokiwa";
import { iter, type Stream } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { BadDispose, Probe, pollOnce } from "../support/tasks.js";
import { Fed, fed, Polled, restOf } from "./support.js";

const bad = (): never => {
  throw new Error("bad");
};

const withBadFunctions: Record<string, (source: Stream<number>) => Stream<unknown>> = {
  map: (source) => source.map(bad),
  mapWhile: (source) => source.mapWhile(bad),
  filter: (source) => source.filter(bad),
  filterMap: (source) => source.filterMap(bad),
  takeWhile: (source) => source.takeWhile(bad),
  skipWhile: (source) => source.skipWhile(bad),
  "andThen, its function": (source) => source.andThen(bad),
  "andThen, its future": (source) =>
    source.andThen(function* () {
      yield* ready(1);
      bad();
    }),
  "the first of a chain": (source) => source.map(bad).chain(iter([1])),
  "one side of a merge": (source) => source.map(bad).merge(iter([1])),
  "under a fuse, a take and a skip": (source) => source.map(bad).fuse().take(9).skip(0),
  "under a peekable": (source) => source.map(bad).peekable(),
  "under a throttle": (source) => source.map(bad).throttle(0),
};

describe("a function that throws", () => {
  for (const [name, make] of Object.entries(withBadFunctions))
    test(`${name}: throws once, then it has ended; the source is dropped`, () => {
      const source = fed(1, 2, 3);
      const polled = new Polled(make(source));
      expect(() => polled.next()).toThrow("bad");
      expect([polled.next(), polled.next()]).toEqual([undefined, undefined]);
      expect(source.drops).toBeGreaterThan(0);
    });

  test("the error of the function goes first, that of a drop is kept with it", () => {
    const source = new Fed(1);
    source[Symbol.dispose] = () => {
      throw new Error("worse");
    };
    const polled = new Polled(source.map(bad));
    let error: Error & { suppressed?: Error } = new Error("nothing was thrown");
    try {
      polled.next();
    } catch (thrown) {
      error = thrown as Error;
    }
    expect([error.message, error.suppressed?.message]).toEqual(["bad", "worse"]);
  });
});

describe("dropping", () => {
  const chains: Record<string, (source: Stream<number>) => Disposable> = {
    map: (source) => source.map((n) => n),
    "a long chain": (source) =>
      source
        .map((n) => n)
        .filter(() => true)
        .take(3)
        .skip(1)
        .fuse()
        .peekable()
        .results()
        .unwrap(),
    merge: (source) => source.merge(iter([1])),
    chain: (source) => iter([1]).chain(source),
    timeout: (source) => source.timeout(10),
    throttle: (source) => source.throttle(10),
    chunksTimeout: (source) => source.chunksTimeout(2, 10),
    collect: (source) => source.collect(),
    fold: (source) => source.fold(0, (a, b) => a + b),
    tryCollect: (source) => source.results().tryCollect(),
    "an async iterator": (source) => {
      const iterator = source[Symbol.asyncIterator]();
      return { [Symbol.dispose]: () => void iterator.return?.() };
    },
  };
  for (const [name, make] of Object.entries(chains))
    test(`${name} drops its source, once polled or never, twice as well`, () => {
      const source = new Fed<number>();
      const chain = make(source);
      chain[Symbol.dispose]();
      chain[Symbol.dispose]();
      expect(source.drops).toBeGreaterThan(0);
    });

  test("next, tryNext, all, any and peek leave the stream as it is", () => {
    const source = new Fed<number>();
    const stream = source.results().peekable();
    const futures: Future<unknown>[] = [
      stream.next(),
      stream.tryNext(),
      stream.all(() => true),
      stream.any(() => true),
      stream.peek(),
    ];
    for (const future of futures) {
      expect(pollOnce(future)).toBe(Pending);
      future[Symbol.dispose]();
    }
    expect(source.drops).toBe(0);
  });

  test("a stream that has been dropped has ended, whatever its source would have had", () => {
    const stream = fed(1, 2).map((n) => n);
    stream[Symbol.dispose]();
    expect(restOf(stream)).toEqual(["end"]);
    expect(restOf(stream.map((n) => n))).toEqual(["end"]);
  });

  test("the future that andThen waits for goes first, then the source", () => {
    const log: string[] = [];
    const probe = new Probe<number>(log, "future");
    const source = new Fed(1);
    source[Symbol.dispose] = () => void log.push("drop source");
    const stream = source.andThen((): IntoFuture<number> => probe);
    expect(new Polled(stream).isPending()).toBe(true);
    stream[Symbol.dispose]();
    expect(log).toEqual(["poll future", "drop future", "drop source"]);
  });

  test("a future whose dispose throws does not keep the source", () => {
    const source = new Fed(1);
    const stream = source.andThen(() => new BadDispose(new Error("worse")));
    expect(new Polled(stream).isPending()).toBe(true);
    expect(() => stream[Symbol.dispose]()).toThrow("worse");
    expect(source.drops).toBe(1);
  });

  test("a function that drops its own stream ends it", () => {
    const source = new Fed(1, 2);
    const probe = new Probe<number>();
    const stream: Stream<number> = source.andThen((): IntoFuture<number> => {
      stream[Symbol.dispose]();
      return probe;
    });
    expect(restOf(stream)).toEqual(["end"]);
    expect([source.drops > 0, probe.drops]).toEqual([true, 1]);
  });

  test("an end drops the source", () => {
    const source = fed(1);
    restOf(source.map((n) => n));
    expect(source.drops).toBe(1);
  });
});

describe("futures of one item", () => {
  test("throw when they are polled after completion, also after an error", () => {
    const source = new Fed(1).fail(new Error("bad"));
    const first = source.next();
    expect(pollOnce(first)).toBe(1);
    expect(() => pollOnce(first)).toThrow(PolledAfterCompletionError);
    const second = source.next();
    expect(() => pollOnce(second)).toThrow("bad");
    expect(() => pollOnce(second)).toThrow(PolledAfterCompletionError);
  });
});
