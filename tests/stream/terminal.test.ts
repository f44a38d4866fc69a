// collect, fold, all, any, tryNext, tryCollect, unwrap, results.

import { Pending, spawn, yieldNow } from "tokiwa";
import { fromPollFn, iter, type Result } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { Probe, pollOnce } from "../support/tasks.js";
import { runPaused } from "../support/time.js";
import { Fed, fed, restOf } from "./support.js";

const isEven = (n: number) => n % 2 === 0;

describe("collect and fold", () => {
  test("collect gives everything in its order, over many polls", () => {
    const source = new Fed(1);
    const all = source.collect();
    expect(pollOnce(all)).toBe(Pending);
    source.push(2, 3);
    expect(pollOnce(all)).toBe(Pending);
    source.end();
    expect(pollOnce(all)).toEqual([1, 2, 3]);
    expect(source.drops).toBe(1);
  });

  test("fold", () => {
    expect(pollOnce(fed(1, 2, 3).fold("", (text, n) => text + n))).toBe("123");
    expect(pollOnce(fed<number>().fold(7, (a, b) => a + b))).toBe(7);
  });

  test("an error drops the source", () => {
    const source = new Fed(1).fail(new Error("bad"));
    expect(() => pollOnce(source.collect())).toThrow("bad");
    expect(source.drops).toBe(1);
  });

  test("a function that throws drops the source", () => {
    const source = fed(1, 2);
    const sum = source.fold(0, () => {
      throw new Error("bad");
    });
    expect(() => pollOnce(sum)).toThrow("bad");
    expect(source.drops).toBe(1);
  });
});

describe("all and any", () => {
  test("answer", () => {
    expect(pollOnce(fed(2, 4).all(isEven))).toBe(true);
    expect(pollOnce(fed<number>().all(isEven))).toBe(true);
    expect(pollOnce(fed(2, 3, 4).all(isEven))).toBe(false);
    expect(pollOnce(fed(1, 3).any(isEven))).toBe(false);
    expect(pollOnce(fed<number>().any(isEven))).toBe(false);
    expect(pollOnce(fed(1, 2, 3).any(isEven))).toBe(true);
  });

  test("stop at the answer, and leave the rest", () => {
    const source = fed(2, 3, 4);
    pollOnce(source.all(isEven));
    expect([restOf(source), source.drops]).toEqual([[4, "end"], 0]);
  });

  test("give way to others on a stream that is always ready and spends nothing", () => {
    const turns = runPaused(function* () {
      let stop = false;
      spawn(function* () {
        yield* yieldNow();
        stop = true;
      });
      let asked = 0;
      yield* fromPollFn(() => 1).any(() => {
        asked += 1;
        return stop;
      });
      return asked;
    });
    expect(turns).toBeGreaterThan(1);
  });
});

describe("results", () => {
  const mixed = (): Result<number, Error>[] => [
    { value: 1 },
    { error: new Error("bad") },
    { value: 2 },
  ];

  test("tryNext takes apart, and goes on after an error", () => {
    const stream = iter(mixed());
    expect(pollOnce(stream.tryNext())).toBe(1);
    expect(() => pollOnce(stream.tryNext())).toThrow("bad");
    expect(pollOnce(stream.tryNext())).toBe(2);
    expect(pollOnce(stream.tryNext())).toBe(undefined);
  });

  test("tryCollect stops at the first error, and drops the rest", () => {
    const source = fed(...mixed());
    expect(() => pollOnce(source.tryCollect())).toThrow("bad");
    expect([source.polls, source.drops]).toEqual([2, 1]);
    expect(pollOnce(fed<Result<number>>({ value: 1 }, { value: 2 }).tryCollect())).toEqual([1, 2]);
  });

  test("unwrap throws the first error, and ends there", () => {
    const source = fed(...mixed());
    const stream = source.unwrap();
    expect(pollOnce(stream.next())).toBe(1);
    expect(() => pollOnce(stream.next())).toThrow("bad");
    expect([restOf(stream), source.drops]).toEqual([["end"], 1]);
  });

  test("results makes an item of what is thrown, and ends after it", () => {
    const error = new Error("bad");
    const source = new Fed(1).fail(error).push(2);
    expect(restOf(source.results())).toEqual([{ value: 1 }, { error }, "end"]);
    expect(source.drops).toBeGreaterThan(0);
  });

  test("a value that is undefined or an error that is one are told apart", () => {
    expect(restOf(fed({ error: undefined }).results())).toEqual([
      { value: { error: undefined } },
      "end",
    ]);
  });
});

describe("andThen", () => {
  test("one future at a time, in the order of the items", () => {
    const source = fed(1, 2);
    const probes = [new Probe<string>(), new Probe<string>()];
    let calls = 0;
    const stream = source.andThen(() => probes[calls++] as Probe<string>);
    expect(pollOnce(stream.next())).toBe(Pending);
    expect(pollOnce(stream.next())).toBe(Pending);
    expect([calls, source.polls]).toEqual([1, 1]);
    probes[0]?.complete("one");
    expect(pollOnce(stream.next())).toBe("one");
    probes[1]?.complete("two");
    expect(restOf(stream)).toEqual(["two", "end"]);
  });

  test("says what to write when it is given a promise", () => {
    const stream = fed(1).andThen((async () => 1) as never);
    expect(() => restOf(stream)).toThrow(/fromPromise/);
  });

  test("a stream is no thenable: it can be awaited and returned from async functions", async () => {
    const stream = iter([1]);
    expect(await (async () => stream)()).toBe(stream);
  });
});
