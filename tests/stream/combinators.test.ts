// Combinators that look at one item at a time, and those that begin late or end early.

import { Pending } from "tokiwa";
import { iter, StreamArgumentError, UndefinedItemError } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { Fed, fed, Polled, restOf, thrownBy } from "./support.js";

const isEven = (n: number) => n % 2 === 0;

describe("map, mapWhile, filter, filterMap", () => {
  test("map", () => {
    expect(restOf(fed(1, 2, 3).map((n) => n * 2))).toEqual([2, 4, 6, "end"]);
  });

  test("map refuses undefined: it would be the end", () => {
    const source = fed(1);
    const stream = source.map(() => undefined);
    expect(thrownBy(() => restOf(stream))).toBeInstanceOf(UndefinedItemError);
    expect(source.drops).toBe(1);
  });

  test("mapWhile ends at the first undefined, and asks no more", () => {
    const source = fed(1, 2, 3, 4);
    const stream = source.mapWhile((n) => (n < 3 ? `#${n}` : undefined));
    expect(restOf(stream)).toEqual(["#1", "#2", "end"]);
    expect(restOf(stream)).toEqual(["end"]);
    expect([source.polls, source.drops]).toEqual([3, 1]);
  });

  test("filter", () => {
    expect(restOf(fed(1, 2, 3, 4).filter(isEven))).toEqual([2, 4, "end"]);
  });

  test("filter is pending where its source is", () => {
    const source = new Fed(1, 2, 3);
    const polled = new Polled(source.filter(isEven));
    expect(polled.rest()).toEqual([2, "pending"]);
    source.push(5, 6);
    expect(polled.wakes).toBe(1);
    expect(polled.rest()).toEqual([6, "pending"]);
  });

  test("filterMap leaves out what is undefined, and keeps null", () => {
    const stream = fed(1, 2, 3, 4).filterMap((n) => (n === 2 ? null : isEven(n) ? n : undefined));
    expect(restOf(stream)).toEqual([null, 4, "end"]);
  });

  test("functions are called as functions, with the item alone", () => {
    const calls: unknown[][] = [];
    function noting(this: unknown, ...values: unknown[]) {
      calls.push([this, ...values]);
      return true;
    }
    restOf(fed(1).filter(noting).map(noting).takeWhile(noting).skipWhile(noting));
    expect(calls).toEqual([
      [undefined, 1],
      [undefined, 1],
      [undefined, true],
      [undefined, true],
    ]);
  });
});

describe("take, takeWhile, skip, skipWhile", () => {
  test("take asks for no more than it gives", () => {
    const source = fed(1, 2, 3, 4);
    const stream = source.take(2);
    expect(restOf(stream)).toEqual([1, 2, "end"]);
    expect([source.polls, source.drops]).toEqual([2, 1]);
  });

  test("take(0) asks for nothing; take of more than there is ends with the source", () => {
    const source = fed(1);
    expect(restOf(source.take(0))).toEqual(["end"]);
    expect(source.polls).toBe(0);
    expect(restOf(fed(1).take(5))).toEqual([1, "end"]);
    expect(restOf(fed(1).take(Number.POSITIVE_INFINITY))).toEqual([1, "end"]);
  });

  test("takeWhile loses the item that fails", () => {
    const source = fed(2, 4, 5, 6);
    expect(restOf(source.takeWhile(isEven))).toEqual([2, 4, "end"]);
    expect(source.drops).toBe(1);
  });

  test("takeWhile by reference leaves the rest", () => {
    const source = fed(2, 5, 6);
    expect(restOf(source.byRef().takeWhile(isEven))).toEqual([2, "end"]);
    expect(source.drops).toBe(0);
    expect(restOf(source)).toEqual([6, "end"]);
  });

  test("byRef stays at its end and behind an error, also where the stream does not", () => {
    for (const source of [fed(1).push(2), new Fed(1).fail(new Error("bad")).push(2)]) {
      const polled = new Polled(source.byRef());
      expect(polled.next()).toBe(1);
      try {
        expect(polled.next()).toBe(undefined);
      } catch (error) {
        expect((error as Error).message).toBe("bad");
      }
      expect([polled.next(), source.drops, new Polled(source).next()]).toEqual([undefined, 0, 2]);
    }
  });

  test("skip", () => {
    expect(restOf(fed(1, 2, 3).skip(2))).toEqual([3, "end"]);
    expect(restOf(fed(1, 2).skip(5))).toEqual(["end"]);
    expect(restOf(fed(1, 2).skip(0))).toEqual([1, 2, "end"]);
  });

  test("skip waits where its source does", () => {
    const source = new Fed(1);
    const polled = new Polled(source.skip(2));
    expect(polled.isPending()).toBe(true);
    source.push(2, 3);
    expect(polled.next()).toBe(3);
  });

  test("skipWhile gives everything from the first item on that fails", () => {
    const asked: number[] = [];
    const stream = fed(2, 4, 5, 6).skipWhile((n) => {
      asked.push(n);
      return isEven(n);
    });
    expect(restOf(stream)).toEqual([5, 6, "end"]);
    expect(asked).toEqual([2, 4, 5]);
  });

  test("counts and functions are checked at the call, and named", () => {
    const stream = iter([1]);
    for (const bad of [-1, 1.5, Number.NaN, "2" as unknown as number]) {
      expect(thrownBy(() => stream.take(bad))).toMatchObject({
        argument: "take(count)",
        given: bad,
      });
      expect(thrownBy(() => stream.skip(bad))).toMatchObject({ argument: "skip(count)" });
    }
    expect(thrownBy(() => stream.map(3 as never))).toBeInstanceOf(StreamArgumentError);
    expect(thrownBy(() => stream.chunksTimeout(0, 1))).toBeInstanceOf(StreamArgumentError);
  });
});

describe("peekable", () => {
  test("looks without taking", () => {
    const source = fed(1, 2);
    const stream = source.peekable();
    const cx = { waker: { wake() {} } } as never;
    expect(stream.peek().poll(cx)).toBe(1);
    expect(stream.peek().poll(cx)).toBe(1);
    expect(source.polls).toBe(1);
    expect(restOf(stream)).toEqual([1, 2, "end"]);
    expect(stream.peek().poll(cx)).toBe(undefined);
  });

  test("an end that was seen stays, though the source is not fused", () => {
    const source = new Fed<number>().end().push(9);
    const stream = source.peekable();
    const cx = { waker: { wake() {} } } as never;
    expect(stream.peek().poll(cx)).toBe(undefined);
    expect(restOf(stream)).toEqual(["end"]);
  });

  test("nextIf takes what fits, and leaves what does not", () => {
    const stream = fed(2, 3).peekable();
    const cx = { waker: { wake() {} } } as never;
    expect(stream.nextIf(isEven).poll(cx)).toBe(2);
    expect(stream.nextIf(isEven).poll(cx)).toBe(undefined);
    expect(restOf(stream)).toEqual([3, "end"]);
  });

  test("a peek that is dropped while it waits loses nothing", () => {
    const source = new Fed<number>();
    const stream = source.peekable();
    const cx = { waker: { wake() {} } } as never;
    const peek = stream.peek();
    expect(peek.poll(cx)).toBe(Pending);
    peek[Symbol.dispose]();
    source.push(1);
    expect(restOf(stream)).toEqual([1, "pending"]);
  });

  test("an error that a peek meets drops the source", () => {
    const source = new Fed<number>().fail(new Error("bad"));
    const stream = source.peekable();
    const cx = { waker: { wake() {} } } as never;
    expect(() => stream.peek().poll(cx)).toThrow("bad");
    expect([source.drops > 0, restOf(stream)]).toEqual([true, ["end"]]);
  });
});
