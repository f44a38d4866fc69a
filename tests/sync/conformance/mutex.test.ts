// Mutex: the cases of Tokio's sync_mutex.rs and sync_mutex_owned.rs, under their names.

import { Pending, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { consumeBudget } from "tokiwa/task";
import { expect } from "vitest";
import type { MutexGuard } from "./contract.js";
import { drop, failing, guarded, Polled, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

conformance((test) => {
  test("straight_execution", function* (form) {
    const mutex = form.mutex(100);
    for (const expected of [100, 99, 98]) {
      using guard = readyNow(mutex.lock());
      expect(guard.value).toBe(expected);
      guard.value = expected - 1;
    }
  });

  test("readiness", function* (form) {
    const mutex = form.mutex(100);
    const guard = readyNow(mutex.lock());
    const second = waiting(mutex.lock());
    drop(guard);
    yield* form.settle();
    expect(second.isWoken).toBe(true);
    drop(second.poll() as Disposable);
    expect(mutex.isLocked()).toBe(false);
  });

  test("aborted_future_1", function* (form) {
    const mutex = form.mutex(0);
    const late = yield* spawn(function* () {
      try {
        yield* timeout(1, holds());
      } catch (error) {
        return (error as Error).name;
      }
      return "in time";
    });
    function* holds() {
      using _guard = yield* mutex.lock();
      yield* sleep(100_000);
    }
    expect(late).toBe("ElapsedError");
    readyNow(mutex.lock()).release();
  });

  test("aborted_future_2", function* (form) {
    const mutex = form.mutex(0);
    const guard = yield* mutex.lock();
    const late = yield* spawn(function* () {
      try {
        yield* timeout(1, mutex.lock());
      } catch (error) {
        return (error as Error).name;
      }
      return "in time";
    });
    expect(late).toBe("ElapsedError");
    drop(guard);
    readyNow(mutex.lock()).release();
  });

  test("try_lock", function* (form) {
    const mutex = form.mutex(0);
    const guard = mutex.tryLock();
    expect(thrownBy(() => mutex.tryLock())).toMatchObject({ name: "TryLockError" });
    drop(guard);
    drop(mutex.tryLock());
  });

  test("a guard tells its mutex, and guards a part if there is one", function* (form) {
    const mutex = form.mutex<{ part?: { n: number } }>({});
    const guard = mutex.tryLock();
    expect(guard.mutex.isLocked()).toBe(true);
    expect(guard.tryMap((value) => value.part)).toBe(undefined);
    guard.value.part = { n: 1 };
    const part = guard.tryMap((value) => value.part);
    if (part) part.value.n = 2;
    expect(thrownBy(() => guard.value)).toMatchObject({ name: "ReleasedGuardError" });
    expect(thrownBy(() => Object.assign(part ?? {}, { value: 3 }))).toMatchObject({
      name: "ReadOnlyGuardError",
    });
    expect(thrownBy(() => part?.map(undefined as never))).toMatchObject({
      name: "SyncArgumentError",
    });
    const n = part?.tryMap((value) => value.n);
    expect(n?.value).toBe(2);
    n?.release();
    expect(guarded(mutex.tryLock())).toEqual({ part: { n: 2 } });
    expect(thrownBy(() => mutex.with(1 as never))).toMatchObject({ name: "SyncArgumentError" });
  });

  test("try_lock does not pass by who waits", function* (form) {
    const mutex = form.mutex(0);
    const guard = mutex.tryLock();
    const waits = waiting(mutex.lock());
    drop(guard);
    // The lock was handed to the one who waits, polled or not.
    expect(thrownBy(() => mutex.tryLock())).toMatchObject({ name: "TryLockError" });
    waits.drop();
    drop(mutex.tryLock());
  });

  test("isLocked", function* (form) {
    const mutex = form.mutex("value");
    expect(mutex.isLocked()).toBe(false);
    const guard = readyNow(mutex.lock());
    expect(mutex.isLocked()).toBe(true);
    const next = waiting(mutex.lock());
    guard.release();
    expect(mutex.isLocked()).toBe(true);
    next.drop();
    expect(mutex.isLocked()).toBe(false);
  });

  test(
    "mutex_fifo_with_coop_budget",
    function* (form) {
      const mutex = form.mutex(0);
      yield* yieldNow();
      const guard = readyNow(mutex.lock());
      // The first in the line is there with its budget spent; the second comes later.
      const spent = spawn(function* () {
        for (let unit = 0; unit < 128; unit++) yield* consumeBudget();
        using _guard = yield* mutex.lock();
        return "first";
      });
      yield* yieldNow();
      const second = waiting(mutex.lock());
      drop(guard);
      yield* form.settle();
      const first = yield* spent;
      expect(first).toBe("first");
      yield* form.settle();
      expect(second.isWoken).toBe(true);
      drop(second.poll() as Disposable);
      expect(mutex.isLocked()).toBe(false);
    },
    { budgeted: true },
  );

  test(
    "mutex_coop_drop_after_take_permit",
    function* (form) {
      const mutex = form.mutex(0);
      yield* yieldNow();
      for (let unit = 0; unit < 128; unit++) yield* consumeBudget();
      const lock = new Polled(mutex.lock());
      expect(lock.poll()).toBe(Pending);
      lock.drop();
      drop(mutex.tryLock());
    },
    { budgeted: true },
  );

  test("fairness: in the order of first polls", function* (form) {
    const mutex = form.mutex<number[]>([]);
    const guard = readyNow(mutex.lock());
    const futures = upTo(6).map(() => mutex.lock());
    const order = [4, 1, 5, 0, 2, 3];
    const locks = order.map((index) => waiting(futures[index] as (typeof futures)[number]));
    drop(guard);
    for (const lock of locks) {
      yield* form.settle();
      expect(locks.filter((other) => other.isWoken)).toEqual([lock]);
      drop(lock.poll() as Disposable);
    }
    expect(mutex.isLocked()).toBe(false);
  });

  test("a waiter that leaves loses its place, and nobody else does", function* (form) {
    const mutex = form.mutex(0);
    const guard = readyNow(mutex.lock());
    const [first, second, third] = upTo(3).map(() => waiting(mutex.lock())) as [
      Polled<MutexGuard<number>>,
      Polled<MutexGuard<number>>,
      Polled<MutexGuard<number>>,
    ];
    second.drop();
    drop(guard);
    yield* form.settle();
    expect([first.isWoken, second.isWoken, third.isWoken]).toEqual([true, false, false]);
    // Handed the lock, and gone before it looked.
    first.drop();
    first.drop();
    yield* form.settle();
    expect(third.isWoken).toBe(true);
    drop(third.poll() as Disposable);
    expect(mutex.isLocked()).toBe(false);
  });

  test("the waker of the last poll counts", function* (form) {
    const mutex = form.mutex(0);
    const guard = readyNow(mutex.lock());
    const lock = mutex.lock();
    const before = waiting(lock);
    const after = waiting(lock);
    drop(guard);
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    drop(after.poll() as Disposable);
  });

  test("polled after completion", function* (form) {
    const mutex = form.mutex(0);
    const lock = mutex.lock();
    const guard = readyNow(lock);
    expect(failing(lock)).toMatchObject({ name: "PolledAfterCompletionError" });
    drop(lock, lock);
    expect(mutex.isLocked()).toBe(true);
    drop(guard);
  });

  test("a lock that was never polled holds nothing", function* (form) {
    const mutex = form.mutex(0);
    const never = mutex.lock();
    drop(mutex.tryLock());
    drop(never);
    drop(mutex.tryLock());
  });

  test("a guard after its release refuses; releasing twice is harmless", function* (form) {
    const mutex = form.mutex(1);
    const guard = readyNow(mutex.lock());
    guard.release();
    guard.release();
    drop(guard);
    const other = readyNow(mutex.lock());
    drop(guard);
    expect(mutex.isLocked()).toBe(true);
    const error = thrownBy(() => guard.value);
    expect(error).toMatchObject({ name: "ReleasedGuardError" });
    expect(error.message).toMatch(/^a (Shared)?MutexGuard /);
    expect(
      thrownBy(() => {
        guard.value = 2;
      }),
    ).toMatchObject({ name: "ReleasedGuardError" });
    expect(other.value).toBe(1);
    drop(other);
  });

  test("values of every kind are kept", function* (form) {
    const mutex = form.mutex<unknown>(undefined);
    for (const value of [{ a: { b: [1] } }, "ä€𝄞", null, 1.5, [[], {}], undefined, true]) {
      {
        using guard = readyNow(mutex.lock());
        guard.value = value;
        expect(guard.value).toEqual(value);
      }
      using guard = readyNow(mutex.lock());
      expect(guard.value).toEqual(value);
    }
  });

  test("what is changed in place is kept", function* (form) {
    const mutex = form.mutex({ count: 0, list: [1] });
    {
      using guard = yield* mutex.lock();
      guard.value.count += 1;
      guard.value.list.push(2);
    }
    using guard = yield* mutex.lock();
    expect(guard.value).toEqual({ count: 1, list: [1, 2] });
  });

  test("map: a guard of a part", function* (form) {
    const mutex = form.mutex({ a: { b: 5 }, c: 6 });
    const guard = readyNow(mutex.lock());
    const part = guard.map((value) => value.a);
    expect(part.value).toEqual({ b: 5 });
    expect(thrownBy(() => guard.value)).toMatchObject({ name: "ReleasedGuardError" });
    drop(guard);
    expect(mutex.isLocked()).toBe(true);
    part.release();
    drop(part);
    expect(mutex.isLocked()).toBe(false);
    expect(thrownBy(() => part.value)).toMatchObject({ name: "ReleasedGuardError" });
  });

  test("with: a plain function, and what it changes and gives", function* (form) {
    const mutex = form.mutex({ n: 0 });
    const given = yield* mutex.with((value) => {
      value.n += 1;
      expect(mutex.isLocked()).toBe(true);
      return value.n * 10;
    });
    expect(given).toBe(10);
    expect(mutex.isLocked()).toBe(false);
    expect(guarded(readyNow(mutex.lock()))).toEqual({ n: 1 });
  });

  test("with: a coroutine holds the lock until it ends", function* (form) {
    const mutex = form.mutex({ n: 1 });
    const log: string[] = [];
    const holder = spawn(function* () {
      return yield* mutex.with(function* (value) {
        log.push("in");
        yield* yieldNow();
        yield* yieldNow();
        log.push("out");
        return value.n;
      });
    });
    yield* yieldNow();
    const next = spawn(function* () {
      using _guard = yield* mutex.lock();
      log.push("next");
    });
    expect(yield* holder).toBe(1);
    yield* next;
    expect(log).toEqual(["in", "out", "next"]);
  });

  test("with: what is thrown goes through, and the lock is released", function* (form) {
    const mutex = form.mutex(0);
    for (const fn of [
      () => {
        throw new Error("plain");
      },
      function* () {
        yield* yieldNow();
        throw new Error("coroutine");
      },
    ]) {
      const message = yield* spawn(function* () {
        try {
          yield* mutex.with<unknown>(fn);
        } catch (error) {
          return (error as Error).message;
        }
      });
      expect(["plain", "coroutine"]).toContain(message);
      expect(mutex.isLocked()).toBe(false);
    }
  });

  test("with: an aborted holder releases", function* (form) {
    const mutex = form.mutex(0);
    const holder = spawn(function* () {
      yield* mutex.with(function* () {
        yield* sleep(100_000);
      });
    });
    while (!mutex.isLocked()) yield* yieldNow();
    holder.abort();
    using guard = yield* mutex.lock();
    expect(guard.value).toBe(0);
  });

  test("an aborted holder releases, an aborted waiter leaves the line", function* (form) {
    const mutex = form.mutex(0);
    const holder = spawn(function* () {
      using _guard = yield* mutex.lock();
      yield* sleep(100_000);
    });
    while (!mutex.isLocked()) yield* yieldNow();
    const waiter = spawn(function* () {
      using _guard = yield* mutex.lock();
      yield* sleep(100_000);
    });
    yield* yieldNow();
    waiter.abort();
    holder.abort();
    using guard = yield* mutex.lock();
    expect(guard.value).toBe(0);
    while (!waiter.isFinished()) yield* yieldNow();
  });

  test("counts right with many tasks that wait inside", function* (form) {
    const mutex = form.mutex(0);
    const tasks = upTo(8).map((index) =>
      spawn(function* () {
        for (let round = 0; round < 25; round++) {
          using guard = yield* mutex.lock();
          const seen = guard.value;
          if ((index + round) % 3 === 0) yield* yieldNow();
          guard.value = seen + 1;
        }
      }),
    );
    for (const task of tasks) yield* task;
    using guard = yield* mutex.lock();
    expect(guard.value).toBe(200);
  });

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("lock: it comes back from another thread", function* (form) {
    const mutex = form.mutex("before");
    const partner = spawn(partners.holds, mutex, 3, "after");
    // It may be over before anybody looks.
    while (!mutex.isLocked() && !partner.isFinished()) yield* sleep(1);
    {
      using guard = yield* mutex.lock();
      expect(guard.value).toBe("after");
    }
    yield* partner;
  });

  test.partnered("counts right with partners on every thread", function* (form) {
    const mutex = form.mutex(0);
    const tasks = upTo(3).map(() => spawn(partners.adds, mutex, 100));
    yield* partners.adds(mutex, 100);
    for (const task of tasks) yield* task;
    expect(guarded(mutex.tryLock())).toBe(400);
  });

  test.partnered("an aborted partner releases what it holds", function* (form) {
    const mutex = form.mutex(0);
    const partner = spawn(partners.holds, mutex, 1_000_000, 1);
    while (!mutex.isLocked()) yield* sleep(1);
    partner.abort();
    using guard = yield* mutex.lock();
    expect(guard.value).toBe(0);
    while (!partner.isFinished()) yield* sleep(1);
  });

  test.partnered("an aborted partner leaves the line", function* (form) {
    const mutex = form.mutex(0);
    const guard = yield* mutex.lock();
    const doomed = spawn(partners.holds, mutex, 1_000_000, 1);
    const kept = spawn(partners.adds, mutex, 1);
    // Whether they stand in the line by now or not.
    yield* sleep(3);
    doomed.abort();
    while (!doomed.isFinished()) yield* sleep(1);
    drop(guard);
    yield* kept;
    expect(guarded(mutex.tryLock())).toBe(1);
  });

  test.absent("debug_format, mutex_debug", "guards have no debug format");
  test.absent("lock", "Tokio ignores it");
});
