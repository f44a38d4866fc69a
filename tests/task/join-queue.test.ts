// JoinQueue: results in the order of the spawns. (After tokio-util's task_join_queue.)

import * as fc from "fast-check";
import { type Coroutine, pending, select, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { DisposedCollectionError, JoinQueue } from "tokiwa/task";
import { expect, test } from "vitest";
import { CountingWaker, paused, pollOnce, real } from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

function* fails(ms: number): Coroutine<number> {
  yield* sleep(ms);
  throw new Error("failed");
}

function* drain<T>(queue: JoinQueue<T>) {
  const values: (T | undefined)[] = [];
  for (let next = yield* queue.joinNext(); next !== undefined; next = yield* queue.joinNext())
    values.push(next.value);
  return values;
}

test("gives values in the order of the spawns, whatever ends first", () => {
  const values = paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    for (const ms of [30, 10, 20, 0]) queue.spawn(after, ms, ms);
    return yield* drain(queue);
  });
  expect(values).toEqual([30, 10, 20, 0]);
});

test("one that is slow holds up those behind it", () => {
  paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    queue.spawn(after, 50, 1);
    queue.spawn(after, 1, 2);
    yield* sleep(10);
    expect(queue.tryJoinNext()).toBe(undefined);
    expect(queue.len()).toBe(2);
    yield* sleep(50);
    expect([queue.tryJoinNext()?.value, queue.tryJoinNext()?.value]).toEqual([1, 2]);
    expect(queue.tryJoinNext()).toBe(undefined);
  });
});

test("only the end of the first wakes who waits", () => {
  paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    queue.spawn(after, 50, 1);
    for (let task = 0; task < 10; task++) queue.spawn(after, task, task);
    const waker = new CountingWaker();
    const next = queue.joinNext();
    pollOnce(next, waker);
    yield* sleep(20);
    expect(waker.wakes).toBe(0);
    yield* sleep(50);
    expect(waker.wakes).toBe(1);
    expect(pollOnce(next, waker)).toMatchObject({ value: 1 });
  });
});

test("errors have their place in the order; an aborted one that heads the queue lets the others by", () => {
  paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    const first = queue.spawn(after, 1_000, 1);
    queue.spawn(fails, 1);
    queue.spawn(after, 1, 3);
    const waiter = spawn(function* () {
      return [yield* queue.joinNext(), yield* queue.joinNext(), yield* queue.joinNext()];
    });
    yield* sleep(5);
    first.abort();
    const [a, b, c] = yield* timeout(100, waiter);
    expect(a?.error?.isCancelled).toBe(true);
    expect(b?.error?.isPanic).toBe(true);
    expect(c?.value).toBe(3);
  });
});

test("several that wait get consecutive results", () => {
  paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    queue.spawn(after, 10, 1);
    queue.spawn(after, 1, 2);
    const waiters = [1, 2, 3].map(() => spawn(queue.joinNext()));
    const values: unknown[] = [];
    for (const waiter of waiters) values.push((yield* timeout(1_000, waiter))?.value);
    expect(values).toEqual([1, 2, undefined]);
  });
});

test("joinAll: the values in the order of the spawns", () => {
  const values = paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    for (const ms of [5, 3, 4]) queue.spawn(after, ms, ms);
    return yield* queue.joinAll();
  });
  expect(values).toEqual([5, 3, 4]);
});

test("joinAll throws what a task threw, and aborts the rest", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    const queue = new JoinQueue<number>();
    queue.spawn(after, 1, 1);
    queue.spawn(fails, 1);
    queue.spawn(function* () {
      try {
        return yield* pending<number>();
      } finally {
        log.push("aborted");
      }
    });
    let error: unknown;
    try {
      yield* queue.joinAll();
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ message: "failed" });
    yield* yieldNow();
    expect(log).toEqual(["aborted"]);
    expect(queue.isEmpty()).toBe(true);
  });
});

test("abortAll, shutdown, detachAll, dispose", () => {
  paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    queue.spawn(after, 10, 1);
    queue.spawn(after, 10, 2);
    queue.abortAll();
    expect(yield* drain(queue)).toEqual([undefined, undefined]);
    queue.spawn(pending<number>());
    yield* queue.shutdown();
    expect(queue.isEmpty()).toBe(true);
    queue.spawn(after, 1, 1);
    queue.detachAll();
    expect(yield* queue.joinNext()).toBe(undefined);
    queue[Symbol.dispose]();
    expect(() => queue.spawn(after, 1, 1)).toThrow(DisposedCollectionError);
  });
});

test("cancel-safe in select", () => {
  const values = paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    for (let task = 0; task < 20; task++) queue.spawn(after, (task * 7) % 20, task);
    const values: number[] = [];
    while (!queue.isEmpty()) {
      const winner = yield* select({ next: queue.joinNext(), tick: sleep(1) });
      if (winner.branch === "next") values.push(winner.value?.value as number);
    }
    return values;
  });
  expect(values).toEqual(Array.from({ length: 20 }, (_, task) => task));
});

test("the budget: others get their turn", () => {
  paused().blockOn(function* () {
    const queue = new JoinQueue<number>();
    for (let task = 0; task < 1_000; task++) queue.spawn(after, 0, task);
    yield* sleep(5);
    let turns = 0;
    const other = spawn(function* () {
      for (;;) {
        turns += 1;
        yield* yieldNow();
      }
    });
    while ((yield* queue.joinNext()) !== undefined);
    other.abort();
    expect(turns).toBeGreaterThanOrEqual(7);
  });
});

test("async functions, for await", async () => {
  const rt = real();
  await rt.run(async () => {
    const queue = new JoinQueue<string>();
    queue.spawn(async () => {
      await sleep(5);
      return "slow";
    });
    queue.spawn(async () => "fast");
    const values: (string | undefined)[] = [];
    for await (const { value } of queue) values.push(value);
    expect(values).toEqual(["slow", "fast"]);
  });
  await rt.shutdown();
});

test("whatever the times, the order is that of the spawns", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 40 }), fc.nat(20), (times, pause) => {
      const values = paused().blockOn(function* () {
        const queue = new JoinQueue<number>();
        const values: (number | undefined)[] = [];
        for (const [index, ms] of times.entries()) {
          queue.spawn(after, ms, index);
          if (index === pause) yield* sleep(pause);
          const next = queue.tryJoinNext();
          if (next !== undefined) values.push(next.value);
        }
        return [...values, ...(yield* drain(queue))];
      });
      expect(values).toEqual(times.map((_, index) => index));
    }),
    { numRuns: 100 },
  );
});
