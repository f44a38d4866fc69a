// DelayQueue: what it gives and when. The cases mirror those of tokio-util's DelayQueue.

import {
  ElapsedError,
  join,
  Pending,
  type Poll,
  select,
  sleep,
  spawn,
  timeout,
  Waker,
  yieldNow,
} from "tokiwa";
import { Builder, DriverDisabledError, NoRuntimeError, ShutdownError } from "tokiwa/runtime";
import {
  advance,
  DeadlineTooFarError,
  type DelayKey,
  DelayQueue,
  DurationError,
  type Expired,
  Instant,
  UnknownKeyError,
} from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { CountingWaker, settles, thrown } from "../support/tasks.js";
import { DAY, now, pausedRuntime, runPaused, timers, YEAR } from "../support/time.js";

/** Polls by hand inside of a task: the value, "empty", or "pending". */
function poll<T>(queue: DelayQueue<T>, waker: Waker = Waker.noop()): T | "empty" | "pending" {
  const expired: Poll<Expired<T> | undefined> = queue.pollExpired({ waker });
  if (expired === Pending) return "pending";
  return expired === undefined ? "empty" : expired.value;
}

/** What comes out until the queue is empty: the value and the time. */
function* drain<T>(queue: DelayQueue<T>) {
  const out: [T, number][] = [];
  for (let next = yield* queue.next(); next !== undefined; next = yield* queue.next())
    out.push([next.value, now()]);
  return out;
}

describe("what comes out, and when", () => {
  test("one that is due at once", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insertAt("foo", Instant.now());
      expect(poll(queue)).toBe("foo");
      expect(poll(queue)).toBe("empty");
    });
  });

  test("several that are due at once, in the order of their insertion", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      for (const value of ["a", "b", "c", "d"]) queue.insert(value, 0);
      expect(["a", "b", "c", "d"].map(() => poll(queue))).toEqual(["a", "b", "c", "d"]);
      expect(poll(queue)).toBe("empty");
    });
  });

  test("one that is due later, at its time and not before", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const waker = new CountingWaker();
      const key = queue.insert("foo", 5);
      expect(poll(queue, waker)).toBe("pending");
      yield* advance(4);
      expect([waker.wakes, poll(queue, waker)]).toEqual([0, "pending"]);
      yield* advance(1);
      expect(waker.wakes).toBe(1);
      const expired = queue.pollExpired({ waker });
      expect(expired).toEqual({ value: "foo", deadline: Instant.now(), key });
    });
  });

  test("a fraction of a millisecond is rounded up", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("foo", 0.25);
      yield* queue.next();
      expect(now()).toBe(1);
    });
  });

  test("many at once, by deadline, then by insertion", () => {
    const out = runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("c", 10);
      queue.insert("a", 1);
      queue.insert("d", 10);
      queue.insert("b", 3);
      queue.insert("e", 1_000);
      return yield* drain(queue);
    });
    expect(out).toEqual([
      ["a", 1],
      ["b", 3],
      ["c", 10],
      ["d", 10],
      ["e", 1_000],
    ]);
  });

  test("a deadline that has passed is due at once, before what is due later", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const start = Instant.now();
      yield* sleep(100);
      queue.insert("now", 0);
      queue.insertAt("past", start);
      expect([poll(queue), poll(queue)]).toEqual(["past", "now"]);
    });
  });

  test("deadlines far ahead", () => {
    const out = runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("decades", 29 * YEAR);
      queue.insert("day", DAY);
      queue.insert("wheel", 2 ** 36 + 1);
      return yield* drain(queue);
    });
    expect(out).toEqual([
      ["day", DAY],
      ["wheel", 2 ** 36 + 1],
      ["decades", 29 * YEAR],
    ]);
  });

  test("values of every kind, undefined and Pending's like included", () => {
    runPaused(function* () {
      const queue = new DelayQueue<unknown>();
      queue.insert(undefined, 0);
      queue.insert(null, 0);
      expect(yield* queue.next()).toMatchObject({ value: undefined });
      expect(yield* queue.next()).toMatchObject({ value: null });
    });
  });
});

describe("who waits", () => {
  test("is woken when something earlier is inserted", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("late", 1_000);
      const first = spawn(function* () {
        return [(yield* queue.next())?.value, now()];
      });
      yield* sleep(10);
      queue.insert("early", 5);
      expect(yield* first).toEqual(["early", 15]);
      yield* drain(queue);
      expect(now()).toBe(1_000);
    });
  });

  test("is woken at once when what is inserted is due", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const waker = new CountingWaker();
      queue.insert("late", 1_000);
      expect(poll(queue, waker)).toBe("pending");
      queue.insert("due", 0);
      expect(waker.wakes).toBe(1);
      expect(poll(queue, waker)).toBe("due");
    });
  });

  test("is not woken when something later is inserted", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const waker = new CountingWaker();
      queue.insert("first", 10);
      expect(poll(queue, waker)).toBe("pending");
      queue.insert("second", 20);
      expect(waker.wakes).toBe(0);
    });
  });

  test("gets undefined when there is nothing, and when the last is removed", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      expect(yield* queue.next()).toBeUndefined();
      const key = queue.insert("foo", 1_000);
      const waiting = spawn(queue.next());
      yield* yieldNow();
      queue.remove(key);
      expect(yield* waiting).toBeUndefined();
      expect(now()).toBe(0);
      queue.insert("again", 3);
      expect((yield* queue.next())?.value).toBe("again");
    });
  });

  test("gets undefined when the queue is cleared, or disposed", () => {
    runPaused(function* () {
      for (const end of [
        (q: DelayQueue<string>) => q.clear(),
        (q: DelayQueue<string>) => q[Symbol.dispose](),
      ]) {
        const queue = new DelayQueue<string>();
        queue.insert("foo", 1_000);
        const waiting = spawn(queue.next());
        yield* yieldNow();
        end(queue);
        expect(yield* waiting).toBeUndefined();
        expect([queue.len(), timers()]).toEqual([0, 0]);
      }
    });
  });

  test("several may wait: each entry goes to one of them", () => {
    runPaused(function* () {
      const queue = new DelayQueue<number>();
      for (let value = 0; value < 10; value++) queue.insert(value, value + 1);
      const [a, b, c] = yield* join(drain(queue), spawn(drain<number>, queue), drain(queue));
      const out = [...a, ...b, ...c].sort(([x], [y]) => x - y);
      expect(out).toEqual(Array.from({ length: 10 }, (_, value) => [value, value + 1]));
    });
  });

  test("one who goes leaves the others their wakes, and no timer behind", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("foo", 100);
      const stays = spawn(queue.next());
      expect(yield* rejected(timeout(10, queue.next()))).toBeInstanceOf(ElapsedError);
      expect(timers()).toBe(1);
      expect((yield* stays)?.value).toBe("foo");
      queue.insert("bar", 100);
      expect(yield* rejected(timeout(10, queue.next()))).toBeInstanceOf(ElapsedError);
      expect(timers()).toBe(0);
      expect(queue.len()).toBe(1);
    });
  });

  test("nobody waits, so there is no timer", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("foo", 1);
      queue.insert("bar", 50);
      expect(timers()).toBe(0);
      yield* queue.next();
      expect(timers()).toBe(0);
    });
  });

  test("in a select, nothing is lost", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("foo", 10);
      const first = yield* select({ next: queue.next(), sleep: sleep(5) });
      expect(first.branch).toBe("sleep");
      const second = yield* select({ next: queue.next(), sleep: sleep(50) });
      expect(second.branch === "next" && second.value?.value).toBe("foo");
    });
  });
});

function* rejected(future: Parameters<typeof timeout>[1]) {
  try {
    yield* timeout(YEAR, future);
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}

describe("keys", () => {
  test("remove takes an entry out, with its value and its deadline", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const key = queue.insert("foo", 5);
      const other = queue.insert("bar", 6);
      expect(queue.remove(key)).toEqual({ value: "foo", deadline: Instant.now().plus(5), key });
      expect(queue.peek()).toBe(other);
      expect(yield* drain(queue)).toEqual([["bar", 6]]);
    });
  });

  test("of an entry that is gone is refused", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const removed = queue.insert("a", 5);
      queue.remove(removed);
      const expired = queue.insert("b", 0);
      yield* queue.next();
      const cleared = queue.insert("c", 5);
      queue.clear();
      for (const key of [
        removed,
        expired,
        cleared,
        0 as DelayKey,
        -1 as DelayKey,
        0.5 as DelayKey,
        undefined as never,
      ]) {
        expect(queue.tryRemove(key)).toBeUndefined();
        for (const call of [
          () => queue.remove(key),
          () => queue.reset(key, 1),
          () => queue.resetAt(key, Instant.now()),
          () => queue.deadline(key),
        ])
          expect(thrown(call)).toBeInstanceOf(UnknownKeyError);
      }
    });
  });

  test("are not those of the entries that come into the same place", () => {
    runPaused(function* () {
      const queue = new DelayQueue<number>();
      const old: DelayKey[] = [];
      for (let round = 0; round < 1_000; round++) {
        const key = queue.insert(round, 5);
        for (const gone of old.slice(-3)) expect(queue.tryRemove(gone)).toBeUndefined();
        expect(queue.deadline(key).valueOf()).toBe(now() + 5);
        old.push(key);
        if (round % 2 === 0) queue.remove(key);
        else if (round % 7 === 0) queue.clear();
        else yield* queue.next();
      }
      expect(new Set(old).size).toBe(1_000);
    });
  });

  test("an entry that is due can still be removed", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const key = queue.insert("foo", 10);
      expect(poll(queue)).toBe("pending");
      yield* advance(20);
      expect(queue.remove(key).value).toBe("foo");
      expect(poll(queue)).toBe("empty");
    });
  });

  test("peek names what comes next", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      expect(queue.peek()).toBeUndefined();
      const later = queue.insert("later", 20);
      expect(queue.peek()).toBe(later);
      const sooner = queue.insert("sooner", 10);
      expect(queue.peek()).toBe(sooner);
      yield* advance(15);
      expect(queue.peek()).toBe(sooner);
      yield* queue.next();
      expect(queue.peek()).toBe(later);
    });
  });
});

describe("reset", () => {
  test("to a later time", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const waker = new CountingWaker();
      const key = queue.insert("foo", 5);
      expect(poll(queue, waker)).toBe("pending");
      yield* advance(1);
      queue.reset(key, 10);
      expect(queue.deadline(key).valueOf()).toBe(11);
      expect(poll(queue, waker)).toBe("pending");
      yield* advance(9);
      expect([waker.wakes, poll(queue, waker)]).toEqual([0, "pending"]);
      yield* advance(1);
      expect([waker.wakes, poll(queue, waker)]).toEqual([1, "foo"]);
    });
  });

  test("to an earlier time, while somebody waits", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      queue.insert("other", 500);
      const key = queue.insert("foo", 1_000);
      const first = spawn(queue.next());
      yield* sleep(10);
      queue.reset(key, 5);
      expect((yield* first)?.value).toBe("foo");
      expect(now()).toBe(15);
    });
  });

  test("of the first, behind the second", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const one = queue.insert("one", 200);
      queue.insert("two", 250);
      const drained = spawn(drain<string>, queue);
      yield* sleep(100);
      queue.reset(one, 200);
      expect(yield* drained).toEqual([
        ["two", 250],
        ["one", 300],
      ]);
    });
  });

  test("of what is due already", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const key = queue.insertAt("foo", Instant.now());
      yield* sleep(5);
      queue.reset(key, 10);
      expect(poll(queue)).toBe("pending");
      expect(yield* drain(queue)).toEqual([["foo", 15]]);
    });
  });

  test("again and again, and it never comes out", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const key = queue.insert("foo", 10);
      const drained = spawn(drain<string>, queue);
      for (let round = 0; round < 100; round++) {
        yield* sleep(9);
        queue.resetAt(key, Instant.now().plus(10));
      }
      expect(yield* drained).toEqual([["foo", 910]]);
    });
  });

  test("to now wakes who waits", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const waker = new CountingWaker();
      const key = queue.insert("foo", 1_000);
      poll(queue, waker);
      queue.reset(key, 0);
      expect([waker.wakes, poll(queue, waker)]).toEqual([1, "foo"]);
    });
  });

  test("puts an entry behind those that had that deadline before", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const a = queue.insert("a", 10);
      queue.insert("b", 10);
      queue.reset(a, 10);
      expect((yield* drain(queue)).map(([value]) => value)).toEqual(["b", "a"]);
    });
  });
});

describe("what is refused", () => {
  test.each([Number.NaN, -1, "5", null, {}])("%s is no duration", (value) => {
    const queue = new DelayQueue<string>();
    const key = queue.insert("foo", 1);
    expect(thrown(() => queue.insert("bar", value as never))).toBeInstanceOf(DurationError);
    expect(thrown(() => queue.reset(key, value as never))).toBeInstanceOf(DurationError);
    expect(queue.len()).toBe(1);
  });

  test("a deadline too far ahead", () => {
    runPaused(function* () {
      const queue = new DelayQueue<string>();
      const key = queue.insert("foo", 1);
      for (const call of [
        () => queue.insert("bar", Number.POSITIVE_INFINITY),
        () => queue.insert("bar", { days: 30 * 365 }),
        () => queue.reset(key, 31 * YEAR),
        () =>
          queue.insertAt(
            "bar",
            Instant.now()
              .plus(29 * YEAR)
              .plus(2 * YEAR),
          ),
        () =>
          queue.resetAt(
            key,
            Instant.now()
              .plus(29 * YEAR)
              .plus(2 * YEAR),
          ),
      ])
        expect(thrown(call)).toBeInstanceOf(DeadlineTooFarError);
      expect(queue.deadline(key).valueOf()).toBe(1);
    });
  });

  test("something that is no Instant", () => {
    const queue = new DelayQueue<string>();
    expect(thrown(() => queue.insertAt("foo", 5 as never)).message).toContain("Instant");
  });

  test("polling outside of every runtime, in one without timers, and after the end", async () => {
    const outside = new DelayQueue<string>();
    outside.insert("foo", 1);
    expect(thrown(() => poll(outside))).toBeInstanceOf(NoRuntimeError);
    const untimed = Builder.newCurrentThread().build();
    const error = thrown(() => untimed.blockOn(new DelayQueue<string>().next()));
    expect(error).toBeInstanceOf(DriverDisabledError);
    const rt = pausedRuntime();
    const queue = new DelayQueue<string>();
    queue.insert("foo", 1_000);
    const waker = new CountingWaker();
    rt.blockOn(function* () {
      poll(queue, waker);
    });
    rt.shutdownBackground();
    expect(waker.wakes).toBe(1);
    expect(thrown(() => poll(queue))).toBeInstanceOf(ShutdownError);
  });

  test("a future is not polled again after it has given its entry", () => {
    runPaused(function* () {
      const next = new DelayQueue<string>().next();
      expect(next.poll({ waker: Waker.noop() })).toBeUndefined();
      expect(thrown(() => next.poll({ waker: Waker.noop() })).message).toContain(
        "after completion",
      );
    });
  });
});

test("one made outside of every runtime takes the clock of the first that polls it", () => {
  const queue = new DelayQueue<string>();
  queue.insert("b", 50);
  queue.insert("a", 20);
  const out = runPaused(function* () {
    return yield* drain(queue);
  });
  expect(out.map(([value]) => value)).toEqual(["a", "b"]);
  for (const [, at] of out) expect(at).toBeLessThanOrEqual(50);
});

test("for await, until it is empty", async () => {
  const queue = new DelayQueue<number>();
  const start = Instant.now();
  for (let value = 3; value > 0; value--) queue.insertAt(value, start.plus(value));
  const out: number[] = [];
  for await (const { value } of queue) out.push(value);
  expect(out).toEqual([1, 2, 3]);
});

test("an await of the ambient runtime ends when that is all there is", async () => {
  const queue = new DelayQueue<string>();
  expect(await settles(Promise.resolve(queue.next()))).toBeUndefined();
  queue.insert("x", Number.MIN_VALUE);
  expect((await settles(Promise.resolve(queue.next())))?.value).toBe("x");
});

test("budget: a task that empties a full queue lets others run", () => {
  runPaused(function* () {
    const queue = new DelayQueue<number>();
    for (let value = 0; value < 1_000; value++) queue.insert(value, 0);
    let taken = 0;
    let seen = -1;
    const other = spawn(function* () {
      seen = taken;
    });
    for (let next = yield* queue.next(); next !== undefined; next = yield* queue.next()) taken += 1;
    yield* other;
    expect(taken).toBe(1_000);
    expect(seen).toBe(128);
  });
});

test("a hundred thousand entries, moved and removed, come out in order", () => {
  const count = 100_000;
  runPaused(function* () {
    const queue = new DelayQueue<number>();
    const keys = Array.from({ length: count }, (_, value) =>
      queue.insert(value, 1 + ((value * 7919) % 50_000)),
    );
    for (let value = 0; value < count; value += 3)
      queue.reset(keys[value] as DelayKey, 1 + ((value * 104_729) % 50_000));
    for (let value = 1; value < count; value += 3) queue.remove(keys[value] as DelayKey);
    expect(timers()).toBe(0);
    let last = 0;
    let out = 0;
    for (let next = yield* queue.next(); next !== undefined; next = yield* queue.next()) {
      if (next.deadline.valueOf() < last || next.deadline.valueOf() !== now())
        throw new Error("out of order");
      last = next.deadline.valueOf();
      out += 1;
    }
    expect(out).toBe(count - Math.floor((count + 1) / 3));
  });
});
