// merge, chain, fuse.

import { assert as check, constantFrom, property, array as someOf } from "fast-check";
import { Pending } from "tokiwa";
import { empty, iter, once, pending } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { Fed, fed, Polled, restOf } from "./support.js";

describe("merge", () => {
  test("two that are ready take turns, and the first begins", () => {
    expect(restOf(fed(1, 2, 3).merge(fed("a", "b", "c")))).toEqual([1, "a", 2, "b", 3, "c", "end"]);
  });

  test("ends only when both have ended", () => {
    const one = new Fed<number>();
    const two = new Fed<number>();
    const polled = new Polled(one.merge(two));
    expect(polled.isPending()).toBe(true);
    one.push(1);
    expect(polled.wakes).toBe(1);
    expect(polled.next()).toBe(1);
    two.push(2);
    expect(polled.next()).toBe(2);
    one.end();
    expect(polled.isPending()).toBe(true);
    two.push(3);
    expect(polled.wakes).toBe(1);
    expect(polled.next()).toBe(3);
    two.end();
    expect(polled.next()).toBe(undefined);
    expect(polled.next()).toBe(undefined);
  });

  test("a side that has ended is dropped at once, and not asked again", () => {
    const one = fed(1);
    const two = new Fed<number>();
    const polled = new Polled(one.merge(two));
    expect(polled.rest()).toEqual([1, "pending"]);
    const { polls } = one;
    expect(one.drops).toBe(1);
    polled.rest();
    expect(one.polls).toBe(polls);
  });

  test("an error of one drops the other", () => {
    const one = new Fed<number>().fail(new Error("bad"));
    const two = new Fed<number>();
    const polled = new Polled(one.merge(two));
    expect(() => polled.next()).toThrow("bad");
    expect([two.drops, polled.next()]).toEqual([1, undefined]);
  });

  test("dropping it drops both", () => {
    const one = new Fed<number>();
    const two = new Fed<number>();
    one.merge(two)[Symbol.dispose]();
    expect([one.drops, two.drops]).toEqual([1, 1]);
  });

  test("property: each side in its order, nothing lost, nothing twice, whatever the timing", () => {
    const moves = someOf(constantFrom("one", "two", "poll"), { maxLength: 60 });
    check(
      property(moves, (script) => {
        const one = new Fed<string>();
        const two = new Fed<string>();
        const polled = new Polled(one.merge(two));
        const given: { one: string[]; two: string[] } = { one: [], two: [] };
        const got: string[] = [];
        for (const [at, move] of script.entries()) {
          if (move === "poll") {
            const item = polled.next();
            if (item !== Pending) got.push(item as string);
          } else {
            const item = `${move} ${at}`;
            given[move].push(item);
            (move === "one" ? one : two).push(item);
          }
        }
        one.end();
        two.end();
        const rest = polled.rest();
        expect(rest.pop()).toBe("end");
        got.push(...(rest as string[]));
        expect(got.filter((item) => item.startsWith("one"))).toEqual(given.one);
        expect(got.filter((item) => item.startsWith("two"))).toEqual(given.two);
        expect(got.length).toBe(given.one.length + given.two.length);
      }),
      { seed: 1 },
    );
  });

  test("property: of two that are always ready neither waits longer than one item", () => {
    const merged = iter(new Array(50).fill("a")).merge(iter(new Array(50).fill("b")));
    const items = restOf(merged.take(80)).slice(0, -1).join("");
    expect(items).not.toMatch(/aa|bb/);
  });
});

describe("chain", () => {
  test("one after the other", () => {
    expect(restOf(fed(1, 2).chain(fed("a")))).toEqual([1, 2, "a", "end"]);
    expect(restOf(empty<number>().chain(once(1)).chain(empty()))).toEqual([1, "end"]);
  });

  test("the second is not polled before the first has ended", () => {
    const one = new Fed<number>();
    const two = fed(2);
    const polled = new Polled(one.chain(two));
    expect(polled.isPending()).toBe(true);
    expect(two.polls).toBe(0);
    one.push(1).end();
    expect(polled.rest()).toEqual([1, 2, "end"]);
  });

  test("the first is dropped when it has ended, and not asked again", () => {
    const one = new Fed<number>().end().push(9);
    const polled = new Polled(one.chain(pending<number>()));
    expect(polled.isPending()).toBe(true);
    expect([one.drops, polled.isPending(), one.polls]).toEqual([1, true, 1]);
  });
});

test("merge and chain say what to write when they are given something else", () => {
  for (const what of ["merge", "chain"] as const)
    expect(() => iter([1])[what]([2] as never)).toThrow(/iter/);
});

describe("fuse", () => {
  test("a stream that comes back after its end does not come back", () => {
    const loose = new Fed(1).end().push(2);
    expect(restOf(loose)).toEqual([1, "end"]);
    expect(restOf(loose)).toEqual([2, "pending"]);
    const source = new Fed(1).end().push(2);
    const stream = source.fuse();
    expect([restOf(stream), restOf(stream)]).toEqual([[1, "end"], ["end"]]);
    expect(source.drops).toBe(1);
  });
});
