// Mutex and its guards. Mirrors Tokio's sync_mutex.rs, under its names.

import {
  fromPromise,
  join,
  Pending,
  PolledAfterCompletionError,
  select,
  sleep,
  spawn,
  yieldNow,
} from "tokiwa";
import { MappedGuard, Mutex, MutexGuard, ReleasedGuardError, TryLockError } from "tokiwa/sync";
import { describe, expect, expectTypeOf, test } from "vitest";
import { runPaused, runPausedOnLoop, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("lock and release", () => {
  test("straight_execution", () => {
    const mutex = new Mutex(100);
    const first = readyNow(mutex.lock());
    expect(first).toBeInstanceOf(MutexGuard);
    expect(first.value).toBe(100);
    first.value = 99;
    first.release();
    const second = readyNow(mutex.lock());
    expect(second.value).toBe(99);
    second.value += 1;
    second[Symbol.dispose]();
    expect(readyNow(mutex.lock()).value).toBe(100);
  });

  test("readiness", () => {
    const mutex = new Mutex(100);
    const guard = readyNow(mutex.lock());
    const second = waiting(mutex.lock());
    expect(second.isWoken).toBe(false);
    guard.release();
    expect(second.isWoken).toBe(true);
    expect(second.isPending()).toBe(false);
  });

  test("try_lock", () => {
    const mutex = new Mutex(0);
    const guard = mutex.tryLock();
    expect(mutex.isLocked()).toBe(true);
    expect(() => mutex.tryLock()).toThrow(TryLockError);
    guard.release();
    expect(mutex.isLocked()).toBe(false);
    mutex.tryLock().release();
  });

  test("the lock goes to who waits, and is held from then on", () => {
    const mutex = new Mutex(0);
    const guard = mutex.tryLock();
    const first = waiting(mutex.lock());
    const second = waiting(mutex.lock());
    guard.release();
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    expect(mutex.isLocked()).toBe(true);
    expect(() => mutex.tryLock()).toThrow(TryLockError);
    const late = waiting(mutex.lock());
    (first.poll() as MutexGuard<number>).release();
    expect([second.isWoken, late.isWoken]).toEqual([true, false]);
  });

  test("a guard that was released refuses its value, and another release is harmless", () => {
    const mutex = new Mutex(1);
    const stale = mutex.tryLock();
    stale.release();
    expect(() => stale.value).toThrow(ReleasedGuardError);
    expect(() => {
      stale.value = 2;
    }).toThrow(ReleasedGuardError);
    expect(() => stale.map((value) => value)).toThrow(ReleasedGuardError);
    const fresh = mutex.tryLock();
    stale.release();
    stale[Symbol.dispose]();
    expect(mutex.isLocked()).toBe(true);
    expect(fresh.value).toBe(1);
  });

  test("lock: many tasks, one at a time", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      let inside = 0;
      const tasks = Array.from({ length: 20 }, () =>
        spawn(function* () {
          for (let round = 0; round < 10; round++) {
            using guard = yield* mutex.lock();
            inside += 1;
            expect(inside).toBe(1);
            const before = guard.value;
            yield* yieldNow();
            guard.value = before + 1;
            inside -= 1;
          }
        }),
      );
      for (const task of tasks) yield* task;
    });
    expect(mutex.tryLock().value).toBe(200);
  });

  test("in async functions", async () => {
    const mutex = new Mutex<number[]>([]);
    await Promise.all(
      [1, 2, 3].map(async (each) => {
        using guard = await mutex.lock();
        await Promise.resolve();
        guard.value.push(each);
      }),
    );
    expect(mutex.tryLock().value).toEqual([1, 2, 3]);
  });

  test("polled after completion, or after a drop, it throws", () => {
    const mutex = new Mutex(0);
    const lock = mutex.lock();
    readyNow(lock);
    expect(() => readyNow(lock)).toThrow(PolledAfterCompletionError);
    lock[Symbol.dispose]();
    expect(mutex.isLocked()).toBe(true);
  });
});

describe("mapped guards", () => {
  test("mapped: a part of the value, under the same lock", () => {
    const mutex = new Mutex({ left: { n: 1 }, right: 2 });
    const whole = mutex.tryLock();
    const left = whole.map((value) => value.left);
    expect(left).toBeInstanceOf(MappedGuard);
    const n = left.map((part) => part.n);
    expect(n.value).toBe(1);
    expect(mutex.isLocked()).toBe(true);
    whole.release();
    left.release();
    expect(() => whole.value).toThrow(ReleasedGuardError);
    expect(() => left.value).toThrow(ReleasedGuardError);
    expect(mutex.isLocked()).toBe(true);
    n.release();
    n.release();
    expect(mutex.isLocked()).toBe(false);
    expect(() => n.value).toThrow(ReleasedGuardError);
    expect(() => n.map((part) => part)).toThrow(ReleasedGuardError);
  });

  test("a projection that throws leaves the guard as it was", () => {
    const mutex = new Mutex(1);
    const guard = mutex.tryLock();
    const error = new Error("no such part");
    const failing = (): never => {
      throw error;
    };
    expect(thrownBy(() => guard.map(failing))).toBe(error);
    expect(guard.value).toBe(1);
    guard.release();
    expect(mutex.isLocked()).toBe(false);
  });

  test("a projection that releases its own guard is refused", () => {
    const mutex = new Mutex(1);
    const guard = mutex.tryLock();
    expect(() => guard.map(() => guard.release())).toThrow(ReleasedGuardError);
    expect(mutex.isLocked()).toBe(false);
  });
});

describe("cancellation", () => {
  test("aborted_future_1: a task that is aborted while it holds the lock releases it", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      const holder = spawn(function* () {
        using _guard = yield* mutex.lock();
        yield* sleep(1_000_000);
      });
      yield* yieldNow();
      expect(mutex.isLocked()).toBe(true);
      holder.abort();
      using guard = yield* mutex.lock();
      expect(guard.value).toBe(0);
    });
    expect(mutex.isLocked()).toBe(false);
  });

  test("aborted_future_2: one that is aborted while it waits leaves the line", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      const guard = yield* mutex.lock();
      const waiter = spawn(mutex.lock());
      yield* yieldNow();
      waiter.abort();
      yield* yieldNow();
      guard.release();
      expect(mutex.isLocked()).toBe(false);
    });
  });

  test("one that was granted and is dropped unpolled passes the lock on", () => {
    const mutex = new Mutex(0);
    const guard = mutex.tryLock();
    const [first, second] = [waiting(mutex.lock()), waiting(mutex.lock())];
    guard.release();
    first.drop();
    expect(second.isWoken).toBe(true);
    second.drop();
    expect(mutex.isLocked()).toBe(false);
  });

  test("a select that is lost leaves the line", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      const guard = yield* mutex.lock();
      const winner = yield* select({ lock: mutex.lock(), late: sleep(5) });
      expect(winner.branch).toBe("late");
      guard.release();
      expect(mutex.isLocked()).toBe(false);
    });
  });

  test("a throw releases; there is no poisoning", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      const failing = spawn(function* () {
        using guard = yield* mutex.lock();
        guard.value = 1;
        yield* yieldNow();
        throw new Error("in the middle");
      });
      let caught: unknown;
      try {
        yield* failing;
      } catch (error) {
        caught = error;
      }
      expect(caught).toMatchObject({ isPanic: true });
      expect((yield* mutex.lock()).value).toBe(1);
    });
  });
});

describe("with", () => {
  test("a plain function", () => {
    const mutex = new Mutex({ n: 1 });
    const result = mutex.with((value) => {
      expect(mutex.isLocked()).toBe(true);
      value.n += 1;
      return value.n;
    });
    expect(mutex.isLocked()).toBe(false);
    expectTypeOf(readyNow(result)).toEqualTypeOf<number>();
    expect(mutex.isLocked()).toBe(false);
    expect(mutex.tryLock().value.n).toBe(2);
  });

  test("a coroutine function holds the lock across its waits", () => {
    const mutex = new Mutex({ n: 0 });
    runPaused(function* () {
      function* increment(value: { n: number }) {
        const before = value.n;
        yield* sleep(3);
        value.n = before + 1;
        return "done";
      }
      const results = yield* join(mutex.with(increment), mutex.with(increment));
      expectTypeOf(results).toEqualTypeOf<[string, string]>();
      expect(results).toEqual(["done", "done"]);
    });
    expect(mutex.tryLock().value.n).toBe(2);
  });

  test("a future is waited for", () => {
    const mutex = new Mutex(7);
    runPaused(function* () {
      const pausing = mutex.with(() => sleep(5));
      const task = spawn(pausing);
      yield* yieldNow();
      expect(mutex.isLocked()).toBe(true);
      yield* task;
      expect(mutex.isLocked()).toBe(false);
    });
  });

  test.each([
    ["before", false],
    ["after", true],
  ])("what throws %s its first wait releases", (_, waits) => {
    const mutex = new Mutex(0);
    const error = new Error("inside");
    runPaused(function* () {
      let caught: unknown;
      try {
        yield* mutex.with(function* () {
          if (waits) yield* sleep(1);
          throw error;
        });
      } catch (thrown) {
        caught = thrown;
      }
      expect(caught).toBe(error);
      expect(mutex.isLocked()).toBe(false);
    });
  });

  test("a plain function that throws releases", () => {
    const mutex = new Mutex(0);
    const error = new Error("inside");
    const failing = mutex.with((): never => {
      throw error;
    });
    expect(thrownBy(() => readyNow(failing))).toBe(error);
    expect(mutex.isLocked()).toBe(false);
    expect(() => readyNow(failing)).toThrow(PolledAfterCompletionError);
  });

  test("a drop runs the coroutine's finally under the lock, then releases", () => {
    const mutex = new Mutex(0);
    const seen: boolean[] = [];
    runPaused(function* () {
      const task = spawn(
        mutex.with(function* () {
          try {
            yield* sleep(1_000);
          } finally {
            seen.push(mutex.isLocked());
          }
        }),
      );
      yield* yieldNow();
      task.abort();
      yield* yieldNow();
      seen.push(mutex.isLocked());
    });
    expect(seen).toEqual([true, false]);
  });

  test("dropped while it waits for the lock it never calls", () => {
    const mutex = new Mutex(0);
    const guard = mutex.tryLock();
    const never = waiting(
      mutex.with(() => {
        throw new Error("called");
      }),
    );
    never.drop();
    never.drop();
    guard.release();
    expect(mutex.isLocked()).toBe(false);
    expect(() => never.poll()).toThrow(PolledAfterCompletionError);
  });

  test("a clean-up that throws releases all the same", () => {
    const mutex = new Mutex(0);
    const error = new Error("in finally");
    const held = waiting(
      mutex.with(function* () {
        try {
          yield* mutex.lock();
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what a clean-up throws is the point.
          throw error;
        }
      }),
    );
    expect(thrownBy(() => held.drop())).toBe(error);
    expect(mutex.isLocked()).toBe(false);
  });

  test("an async function has its result, under the lock", async () => {
    const mutex = new Mutex({ n: 1 });
    const result = await mutex.with(async (value) => {
      await Promise.resolve();
      expect(mutex.isLocked()).toBe(true);
      return value.n;
    });
    expectTypeOf(result).toEqualTypeOf<number>();
    expect(result).toBe(1);
    expect(mutex.isLocked()).toBe(false);
    const error = new Error("rejected");
    await expect(mutex.with(() => Promise.reject(error))).rejects.toBe(error);
    expect(mutex.isLocked()).toBe(false);
  });

  test("an async function that nobody waits for any more keeps the lock to its end", async () => {
    const mutex = new Mutex(0);
    let finish: (() => void) | undefined;
    const going = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await runPausedOnLoop(function* () {
      const task = spawn(mutex.with(() => going));
      yield* yieldNow();
      task.abort();
      yield* yieldNow();
      expect(task.isFinished()).toBe(true);
      expect(mutex.isLocked()).toBe(true);
      finish?.();
      yield* fromPromise(going);
      yield* fromPromise(Promise.resolve());
      expect(mutex.isLocked()).toBe(false);
    });
  });
});

describe("budget and reports", () => {
  test("a task that always finds it free lets the others run", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      const busy = spawn(function* () {
        for (;;) {
          using guard = yield* mutex.lock();
          guard.value += 1;
        }
      });
      yield* yieldNow();
      busy.abort();
    });
    expect(mutex.tryLock().value).toBe(128);
  });

  test("a lock that was granted with the budget spent comes in the next poll", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      const other = new Mutex(0);
      const guard = yield* mutex.lock();
      const waiter = spawn(function* () {
        const first = new Polled(mutex.lock());
        expect(first.poll()).toBe(Pending);
        for (let unit = 0; unit < 128; unit++) (yield* other.lock()).release();
        guard.release();
        expect(first.isWoken).toBe(true);
        expect(first.poll()).toBe(Pending);
        yield* yieldNow();
        expect(first.poll()).not.toBe(Pending);
      });
      yield* waiter;
    });
  });

  test("who waits can say for what, and who has it", () => {
    const mutex = new Mutex(0);
    runPaused(function* () {
      spawn(function* holder() {
        yield* mutex.lock();
        for (;;) yield* yieldNow();
      });
      yield* yieldNow();
      const place = /held by task \d+ at holder \(.*mutex\.test\.ts:\d+:\d+\)$/;
      expect(waiting(mutex.lock()).future.waitsFor()).toMatch(/^Mutex\.lock\(\), held by/);
      expect(waiting(mutex.lock()).future.waitsFor()).toMatch(place);
      expect(waiting(mutex.with(() => 1)).future.waitsFor()).toMatch(place);
    });
    const inside = waiting(new Mutex(0).with(() => mutex.lock()));
    expect(inside.future.waitsFor()).toMatch(/^Mutex\.lock\(\), held by task/);
  });
});

describe("tryMap", () => {
  test("a part that is there: a guard of it, and this one has been given away", () => {
    const mutex = new Mutex({ names: ["ann"] });
    const guard = mutex.tryLock();
    const part = guard.tryMap((value) => value.names);
    expect(part?.value).toEqual(["ann"]);
    expect(() => guard.value).toThrow(ReleasedGuardError);
    const first = part?.tryMap((names) => names[0]);
    expect(first?.value).toBe("ann");
    first?.release();
    expect(mutex.isLocked()).toBe(false);
  });

  test("a part that is not: undefined, and this one holds on", () => {
    const mutex = new Mutex<{ name?: string }>({});
    const guard = mutex.tryLock();
    expect(guard.tryMap((value) => value.name)).toBe(undefined);
    expect(guard.value).toEqual({});
    const mapped = guard.map((value) => value);
    expect(mapped.tryMap((value) => value.name)).toBe(undefined);
    expect(mapped.value).toEqual({});
    mapped.release();
    expect(mutex.isLocked()).toBe(false);
  });
});

test("a guard knows its mutex, until it is released", () => {
  const mutex = new Mutex(0);
  const guard = mutex.tryLock();
  expect(guard.mutex).toBe(mutex);
  expectTypeOf(guard.mutex).toEqualTypeOf<Mutex<number>>();
  guard.release();
  expect(() => guard.mutex).toThrow(ReleasedGuardError);
});

describe("with a thenable that is no promise", () => {
  const thenable = (then: PromiseLike<number>["then"]) => ({ then }) as PromiseLike<number>;

  test("whose `then` throws: that is thrown, and the lock is released", async () => {
    const mutex = new Mutex(0);
    const failing = mutex.with(() =>
      thenable(() => {
        throw new Error("no then");
      }),
    );
    await expect(
      runPausedOnLoop(function* () {
        return yield* failing;
      }),
    ).rejects.toThrow("no then");
    expect(mutex.isLocked()).toBe(false);
  });

  test("is asked once", async () => {
    const mutex = new Mutex(0);
    let asked = 0;
    const value = await runPausedOnLoop(function* () {
      return yield* mutex.with(() =>
        thenable((resolve) => {
          asked += 1;
          return Promise.resolve(resolve?.(7)) as never;
        }),
      );
    });
    expect([value, asked]).toEqual([7, 1]);
    expect(mutex.isLocked()).toBe(false);
  });
});
