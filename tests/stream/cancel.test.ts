// select on next() in a loop, and other futures that go away: nothing is lost.

import { select, sleep, spawn, timeout } from "tokiwa";
import { iter, ReceiverStream, type Result, type Stream, StreamMap } from "tokiwa/stream";
import { mpsc } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { now, runPaused } from "../support/time.js";

const COUNT = 40;
const all = Array.from({ length: COUNT }, (_, index) => index);

/** Numbers that come every 7 ms. */
function* feed(tx: mpsc.Sender<number>) {
  using _ = tx;
  for (const n of all) {
    yield* sleep(7);
    yield* tx.send(n);
  }
}

function slow(): Stream<number> {
  const [tx, rx] = mpsc.channel<number>(1);
  spawn(feed, tx);
  return new ReceiverStream(rx);
}

const streams: Record<string, () => Stream<number>> = {
  "a channel": slow,
  map: () => slow().map((n) => n),
  merge: () =>
    slow()
      .filter((n) => n % 2 === 0)
      .merge(slow().filter((n) => n % 2 === 1)),
  andThen: () =>
    slow().andThen(function* (n) {
      yield* sleep(3);
      return n;
    }),
  "timeout, unwrapped": () => slow().timeout(1_000).unwrap(),
  throttle: () => slow().throttle(5),
  "a map of streams": () => {
    const map = new StreamMap<number, number>();
    for (let key = 0; key < 3; key++)
      map.insert(
        key,
        slow().filter((n) => n % 3 === key),
      );
    return map.map(([, n]) => n);
  },
};

describe("a next() that loses a select is asked again, and loses nothing", () => {
  for (const [name, make] of Object.entries(streams))
    test(name, () => {
      const got = runPaused(function* () {
        const stream = make();
        const items: number[] = [];
        let ticks = 0;
        for (;;) {
          const winner = yield* select({ item: stream.next(), tick: sleep(2) });
          if (winner.branch === "tick") ticks += 1;
          else if (winner.value === undefined) break;
          else items.push(winner.value);
        }
        expect(ticks).toBeGreaterThan(COUNT);
        return items.sort((a, b) => a - b);
      });
      expect(got).toEqual(all);
    });

  test("chunks", () => {
    const got = runPaused(function* () {
      const stream = slow().chunksTimeout(3, 10);
      const items: number[] = [];
      for (;;) {
        const winner = yield* select({ chunk: stream.next(), tick: sleep(2) });
        if (winner.branch === "tick") continue;
        if (winner.value === undefined) return items;
        items.push(...winner.value);
      }
    });
    expect(got).toEqual(all);
  });

  test("tryNext", () => {
    const got = runPaused(function* () {
      const stream = slow().map((n): Result<number> => ({ value: n }));
      const items: number[] = [];
      for (;;) {
        const winner = yield* select({ item: stream.tryNext(), tick: sleep(2) });
        if (winner.branch === "tick") continue;
        if (winner.value === undefined) return items;
        items.push(winner.value);
      }
    });
    expect(got).toEqual(all);
  });

  test("nextMany", () => {
    const got = runPaused(function* () {
      const map = new StreamMap<string, number>();
      map.insert("a", slow());
      const items: number[] = [];
      for (;;) {
        const winner = yield* select({ many: map.nextMany(10), tick: sleep(2) });
        if (winner.branch === "tick") continue;
        if (winner.value.length === 0) return items;
        items.push(...winner.value.map(([, n]) => n));
      }
    });
    expect(got).toEqual(all);
  });

  test("a timeout around next()", () => {
    const got = runPaused(function* () {
      const stream = slow();
      const items: number[] = [];
      for (;;) {
        try {
          const item = yield* timeout(3, stream.next());
          if (item === undefined) return [items, now() > 0];
          items.push(item);
        } catch {}
      }
    });
    expect(got).toEqual([all, true]);
  });
});

test("an aborted task that waits for a stream leaves it to the next", () => {
  const got = runPaused(function* () {
    const stream = iter([1, 2, 3]).throttle(100);
    yield* stream.next();
    const reader = spawn(function* () {
      yield* stream.next();
    });
    yield* sleep(10);
    reader.abort();
    yield* sleep(10);
    return [yield* stream.next(), now()];
  });
  expect(got).toEqual([2, 100]);
});
