// chunksTimeout.

import { array, assert as check, integer, property, record } from "fast-check";
import { sleep } from "tokiwa";
import { fromCoroutine, iter } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { now, runPaused, timers } from "../support/time.js";
import { Fed, fed, Polled } from "./support.js";

describe("chunksTimeout", () => {
  test("full chunks, and at the end what there is", () => {
    runPaused(function* () {
      const items = yield* iter([1, 2, 3, 4, 5]).chunksTimeout(2, 100).collect();
      expect([items, now()]).toEqual([[[1, 2], [3, 4], [5]], 0]);
      expect(yield* iter<number>([]).chunksTimeout(2, 100).collect()).toEqual([]);
      expect(yield* iter([1, 2]).chunksTimeout(2, 100).collect()).toEqual([[1, 2]]);
    });
  });

  test("the time begins with the first item, and with the first of the next chunk anew", () => {
    runPaused(function* () {
      const source = new Fed<number>();
      const polled = new Polled(source.chunksTimeout(3, 100));
      expect(polled.isPending()).toBe(true);
      yield* sleep(500);
      source.push(1);
      expect(polled.isPending()).toBe(true);
      yield* sleep(60);
      source.push(2);
      expect(polled.isPending()).toBe(true);
      yield* sleep(39);
      expect([polled.wakes, polled.isPending()]).toEqual([0, true]);
      yield* sleep(1);
      expect([polled.wakes > 0, polled.next()]).toEqual([true, [1, 2]]);
      // No empty chunk, however long it takes.
      yield* sleep(1_000);
      expect(polled.isPending()).toBe(true);
      source.push(3);
      expect(polled.isPending()).toBe(true);
      yield* sleep(100);
      expect(polled.next()).toEqual([3]);
    });
  });

  test("time is up at once with 0", () => {
    runPaused(function* () {
      const polled = new Polled(new Fed(1, 2).chunksTimeout(9, 0));
      expect(polled.next()).toEqual([1, 2]);
    });
  });

  test("what came before an error comes before it", () => {
    runPaused(function* () {
      const source = new Fed(1, 2).fail(new Error("bad"));
      const polled = new Polled(source.chunksTimeout(9, 100));
      expect(polled.next()).toEqual([1, 2]);
      expect(() => polled.next()).toThrow("bad");
      expect([polled.next(), source.drops > 0, timers()]).toEqual([undefined, true, 0]);
    });
  });

  test("intoRemainder gives what was under way, and drops the stream", () => {
    runPaused(function* () {
      const source = new Fed(1, 2, 3);
      const stream = source.chunksTimeout(2, 100);
      const polled = new Polled(stream);
      expect(polled.rest()).toEqual([[1, 2], "pending"]);
      expect(timers()).toBe(1);
      expect(stream.intoRemainder()).toEqual([3]);
      expect([timers(), source.drops, polled.next()]).toEqual([0, 1, undefined]);
      expect(stream.intoRemainder()).toEqual([]);
    });
  });

  test("a next that is dropped in the middle of a chunk loses nothing", () => {
    runPaused(function* () {
      const stream = new Fed(1).chunksTimeout(2, 100);
      const next = stream.next();
      expect(new Polled(stream).isPending()).toBe(true);
      next[Symbol.dispose]();
      expect([yield* stream.next(), now()]).toEqual([[1], 100]);
    });
  });

  test("property: everything in its order, no chunk empty, too long or too old", () => {
    const script = record({
      limit: integer({ min: 1, max: 5 }),
      timeoutMs: integer({ min: 1, max: 30 }),
      gaps: array(integer({ min: 0, max: 40 }), { maxLength: 40 }),
    });
    check(
      property(script, ({ limit, timeoutMs, gaps }) => {
        runPaused(function* () {
          const came: number[] = [];
          const stream = fromCoroutine<number>(function* (emit) {
            for (const [index, gap] of gaps.entries()) {
              if (gap > 0) yield* sleep(gap);
              came.push(now());
              yield* emit(index);
            }
          }).chunksTimeout(limit, timeoutMs);
          const got: number[] = [];
          for (;;) {
            const chunk = yield* stream.next();
            if (chunk === undefined) break;
            expect(chunk.length).toBeGreaterThan(0);
            expect(chunk.length).toBeLessThanOrEqual(limit);
            const age = now() - (came[chunk[0] as number] as number);
            expect(age).toBeLessThanOrEqual(timeoutMs);
            // Short of its limit only because it was old enough, or because the stream has ended.
            const isLast = got.length + chunk.length === gaps.length;
            if (chunk.length < limit && !isLast) expect(age).toBe(timeoutMs);
            got.push(...chunk);
          }
          expect(got).toEqual(gaps.map((_, index) => index));
        });
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("a limit of one", () => {
    runPaused(function* () {
      expect(new Polled(fed(1, 2).chunksTimeout(1, 10)).rest()).toEqual([[1], [2], "end"]);
      yield* sleep(0);
    });
  });
});
