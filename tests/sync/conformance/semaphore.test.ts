// Semaphore: the cases of Tokio's sync_semaphore.rs and sync_semaphore_owned.rs, under their names, and what its loom models
// (loom_semaphore_batch.rs) are about.

import { Pending, sleep, spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import type { SemaphorePermit } from "./contract.js";
import { drop, failing, Polled, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const MAX_PERMITS = 2 ** 29 - 1;
const NO_PERMITS = { name: "TryAcquireError", isNoPermits: true, isClosed: false };
const CLOSED = { name: "TryAcquireError", isNoPermits: false, isClosed: true };
const ACQUIRE_ERROR = { name: "AcquireError" };
const CAPACITY_ERROR = { name: "CapacityError" };

conformance((test) => {
  test("no_permits", function* (form) {
    expect(form.semaphore(0).availablePermits()).toBe(0);
  });

  test("try_acquire", function* (form) {
    const semaphore = form.semaphore(1);
    const permit = semaphore.tryAcquire();
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject(NO_PERMITS);
    drop(permit);
    drop(semaphore.tryAcquire());
  });

  test("try_acquire_many", function* (form) {
    const semaphore = form.semaphore(42);
    const most = semaphore.tryAcquire(42);
    expect(thrownBy(() => semaphore.tryAcquire(1))).toMatchObject(NO_PERMITS);
    drop(most);
    const some = semaphore.tryAcquire(32);
    expect(thrownBy(() => semaphore.tryAcquire(11))).toMatchObject(NO_PERMITS);
    drop(semaphore.tryAcquire(10), some);
    expect(semaphore.availablePermits()).toBe(42);
  });

  test("acquire", function* (form) {
    const semaphore = form.semaphore(1);
    const permit = semaphore.tryAcquire();
    const task = spawn(function* () {
      using _permit = yield* semaphore.acquire();
    });
    drop(permit);
    yield* task;
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("acquire_many", function* (form) {
    const semaphore = form.semaphore(42);
    const permit = semaphore.tryAcquire(32);
    const got: number[] = [];
    const task = spawn(function* () {
      using first = yield* semaphore.acquire(10);
      got.push(first.numPermits());
      using second = yield* semaphore.acquire(32);
      got.push(second.numPermits());
    });
    while (got.length === 0) yield* yieldNow();
    drop(permit);
    yield* task;
    expect(got).toEqual([10, 32]);
    expect(semaphore.availablePermits()).toBe(42);
  });

  test("add_permits", function* (form) {
    const semaphore = form.semaphore(0);
    const task = spawn(function* () {
      using permit = yield* semaphore.acquire();
      return permit.numPermits();
    });
    yield* yieldNow();
    semaphore.addPermits(1);
    expect(yield* task).toBe(1);
    expect(semaphore.availablePermits()).toBe(1);
  });

  for (const state of ["open", "closed"] as const) {
    test(`add_permits_${state}`, function* (form) {
      for (const size of upTo(4))
        for (const added of upTo(4)) {
          const semaphore = form.semaphore(size);
          if (state === "closed") semaphore.close();
          semaphore.addPermits(added);
          expect([semaphore.availablePermits(), semaphore.isClosed()]).toEqual([
            size + added,
            state === "closed",
          ]);
        }
    });

    test(`forget_${state}`, function* (form) {
      for (const size of upTo(4))
        for (const wanted of upTo(4)) {
          const semaphore = form.semaphore(size);
          if (state === "closed") semaphore.close();
          expect(semaphore.forgetPermits(wanted)).toBe(Math.min(size, wanted));
          expect([semaphore.availablePermits(), semaphore.isClosed()]).toEqual([
            Math.max(size - wanted, 0),
            state === "closed",
          ]);
        }
    });
  }

  test("close_wakes_all_waiters", function* (form) {
    const semaphore = form.semaphore(0);
    const waits = upTo(100).map(() => waiting(semaphore.acquire()));
    semaphore.close();
    yield* form.settle();
    expect(waits.every((wait) => wait.isWoken)).toBe(true);
    for (const wait of waits) expect(failing(wait.future)).toMatchObject(ACQUIRE_ERROR);
    expect(semaphore.availablePermits()).toBe(0);
  });

  test("basic_closing", function* (form) {
    const semaphore = form.semaphore(1);
    const held = semaphore.tryAcquire();
    expect(semaphore.isClosed()).toBe(false);
    semaphore.close();
    semaphore.close();
    expect(semaphore.isClosed()).toBe(true);
    expect(failing(semaphore.acquire())).toMatchObject(ACQUIRE_ERROR);
    expect(failing(semaphore.acquire(0))).toMatchObject(ACQUIRE_ERROR);
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject(CLOSED);
    drop(held);
    expect(semaphore.availablePermits()).toBe(1);
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject(CLOSED);
    expect(failing(semaphore.acquire())).toMatchObject(ACQUIRE_ERROR);
  });

  test("concurrent_close: one that was served before the close loses no permit", function* (form) {
    const semaphore = form.semaphore(1);
    const held = semaphore.tryAcquire();
    const served = waiting(semaphore.acquire());
    drop(held);
    semaphore.close();
    yield* form.settle();
    expect(served.isWoken).toBe(true);
    // Tokio fails it; a permit that was given may also be kept.
    try {
      drop(served.poll() as Disposable);
    } catch (error) {
      expect(error).toMatchObject(ACQUIRE_ERROR);
    }
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("forget", function* (form) {
    const semaphore = form.semaphore(1);
    const permit = semaphore.tryAcquire();
    expect(semaphore.availablePermits()).toBe(0);
    permit.forget();
    drop(permit);
    expect(semaphore.availablePermits()).toBe(0);
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject(NO_PERMITS);
  });

  test("merge", function* (form) {
    const semaphore = form.semaphore(3);
    const first = semaphore.tryAcquire();
    const second = semaphore.tryAcquire(2);
    expect(semaphore.availablePermits()).toBe(0);
    first.merge(second);
    expect(semaphore.availablePermits()).toBe(0);
    expect(first.numPermits()).toBe(3);
    drop(second);
    expect(semaphore.availablePermits()).toBe(0);
    drop(first);
    expect(semaphore.availablePermits()).toBe(3);
  });

  test("merge_unrelated_permits", function* (form) {
    const semaphores = [form.semaphore(3), form.semaphore(3)] as const;
    const [first, second] = semaphores.map((semaphore) => semaphore.tryAcquire()) as [
      SemaphorePermit,
      SemaphorePermit,
    ];
    expect(thrownBy(() => first.merge(second))).toBeInstanceOf(Error);
    drop(first, second);
    expect(semaphores.map((semaphore) => semaphore.availablePermits())).toEqual([3, 3]);
  });

  test("split", function* (form) {
    const semaphore = form.semaphore(5);
    const first = semaphore.tryAcquire(3);
    expect([semaphore.availablePermits(), first.numPermits()]).toEqual([2, 3]);
    const second = first.split(1) as SemaphorePermit;
    expect([semaphore.availablePermits(), first.numPermits(), second.numPermits()]).toEqual([
      2, 2, 1,
    ]);
    const none = first.split(0) as SemaphorePermit;
    expect(none.numPermits()).toBe(0);
    drop(first);
    expect(semaphore.availablePermits()).toBe(4);
    const fourth = second.split(1) as SemaphorePermit;
    expect([second.numPermits(), fourth.numPermits()]).toEqual([0, 1]);
    expect(second.split(1)).toBe(undefined);
    drop(second);
    expect(semaphore.availablePermits()).toBe(4);
    drop(none);
    expect(semaphore.availablePermits()).toBe(4);
    drop(fourth);
    expect(semaphore.availablePermits()).toBe(5);
  });

  test("stress_test", function* (form) {
    const semaphore = form.semaphore(5);
    let inside = 0;
    const tasks = upTo(200).map((index) =>
      spawn(function* () {
        using _permit = yield* semaphore.acquire();
        inside += 1;
        expect(inside).toBeLessThanOrEqual(5);
        if (index % 3 === 0) yield* yieldNow();
        inside -= 1;
      }),
    );
    for (const task of tasks) yield* task;
    const all = upTo(5).map(() => semaphore.tryAcquire());
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject(NO_PERMITS);
    drop(...all);
  });

  test("add_max_amount_permits", function* (form) {
    const semaphore = form.semaphore(0);
    semaphore.addPermits(MAX_PERMITS);
    expect(semaphore.availablePermits()).toBe(MAX_PERMITS);
  });

  test("add_more_than_max_amount_permits1", function* (form) {
    const semaphore = form.semaphore(1);
    expect(thrownBy(() => semaphore.addPermits(MAX_PERMITS))).toMatchObject(CAPACITY_ERROR);
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("add_more_than_max_amount_permits2", function* (form) {
    const semaphore = form.semaphore(MAX_PERMITS - 1);
    semaphore.addPermits(1);
    expect(thrownBy(() => semaphore.addPermits(1))).toMatchObject(CAPACITY_ERROR);
  });

  test("panic_when_exceeds_maxpermits", function* (form) {
    for (const permits of [MAX_PERMITS + 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(thrownBy(() => form.semaphore(permits))).toMatchObject(CAPACITY_ERROR);
  });

  test("acquire_many_exceeds_maxpermits", function* (form) {
    const semaphore = form.semaphore(0);
    for (const count of [MAX_PERMITS + 1, 2 ** 31, 2 ** 53, -1, 0.5, Number.NaN]) {
      expect(thrownBy(() => semaphore.acquire(count))).toMatchObject(CAPACITY_ERROR);
      expect(thrownBy(() => semaphore.tryAcquire(count))).toMatchObject(CAPACITY_ERROR);
    }
  });

  test("no_panic_at_maxpermits", function* (form) {
    expect(form.semaphore(MAX_PERMITS).availablePermits()).toBe(MAX_PERMITS);
    const semaphore = form.semaphore(MAX_PERMITS - 1);
    semaphore.addPermits(1);
    drop(semaphore.tryAcquire(MAX_PERMITS));
  });

  test("acquire(0) needs no permit", function* (form) {
    const semaphore = form.semaphore(0);
    const permit = readyNow(semaphore.acquire(0));
    expect(permit.numPermits()).toBe(0);
    drop(permit, semaphore.tryAcquire(0));
    expect(semaphore.availablePermits()).toBe(0);
  });

  test("acquire(0) passes those who wait", function* (form) {
    const semaphore = form.semaphore(1);
    const first = waiting(semaphore.acquire(2));
    const none = readyNow(semaphore.acquire(0));
    expect(none.numPermits()).toBe(0);
    drop(none, semaphore.tryAcquire(0));
    semaphore.addPermits(1);
    yield* form.settle();
    drop(first.poll() as Disposable);
    expect(semaphore.availablePermits()).toBe(2);
  });

  test("batch: a large request holds back the small ones behind it", function* (form) {
    const semaphore = form.semaphore(10);
    const held = semaphore.tryAcquire(8);
    const large = waiting(semaphore.acquire(5));
    const small = waiting(semaphore.acquire(1));
    expect(thrownBy(() => semaphore.tryAcquire(1))).toMatchObject(NO_PERMITS);
    const part = held.split(2) as SemaphorePermit;
    drop(part);
    yield* form.settle();
    expect([large.isWoken, small.isWoken]).toEqual([false, false]);
    drop(held);
    yield* form.settle();
    expect([large.isWoken, small.isWoken]).toEqual([true, true]);
    drop(large.poll() as Disposable, small.poll() as Disposable);
    expect(semaphore.availablePermits()).toBe(10);
  });

  test("concurrent_cancel: a half-filled waiter that leaves gives back its share", function* (form) {
    const semaphore = form.semaphore(4);
    const held = upTo(4).map(() => semaphore.tryAcquire());
    const large = waiting(semaphore.acquire(4));
    const small = [waiting(semaphore.acquire(1)), waiting(semaphore.acquire(1))] as const;
    drop(held[0], held[1]);
    yield* form.settle();
    expect(small.map((wait) => wait.isWoken)).toEqual([false, false]);
    large.drop();
    yield* form.settle();
    expect(small.map((wait) => wait.isWoken)).toEqual([true, true]);
    drop(...small.map((wait) => wait.poll() as Disposable), held[2], held[3]);
    expect(semaphore.availablePermits()).toBe(4);
  });

  test("poll_and_cancel", function* (form) {
    const semaphore = form.semaphore(1);
    const held = semaphore.tryAcquire();
    const first = waiting(semaphore.acquire());
    const second = waiting(semaphore.acquire());
    drop(held);
    yield* form.settle();
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    first.drop();
    first.drop();
    yield* form.settle();
    expect(second.isWoken).toBe(true);
    drop(second.poll() as Disposable);
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("release: served in the order of first polls", function* (form) {
    const semaphore = form.semaphore(1);
    const held = semaphore.tryAcquire();
    const futures = upTo(8).map(() => semaphore.acquire());
    const waits = [5, 2, 7, 0, 1, 6, 3, 4].map((index) =>
      waiting(futures[index] as (typeof futures)[number]),
    );
    drop(held);
    for (const wait of waits) {
      yield* form.settle();
      expect(waits.filter((other) => other.isWoken)).toEqual([wait]);
      drop(wait.poll() as Disposable);
    }
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("no barging: what comes free belongs to the one who waits", function* (form) {
    const semaphore = form.semaphore(1);
    const held = semaphore.tryAcquire();
    const first = waiting(semaphore.acquire());
    drop(held);
    expect(semaphore.availablePermits()).toBe(0);
    expect(thrownBy(() => semaphore.tryAcquire())).toMatchObject(NO_PERMITS);
    waiting(semaphore.acquire()).drop();
    drop(first.poll() as Disposable);
  });

  test("release_during_acquire", function* (form) {
    const semaphore = form.semaphore(10);
    const held = semaphore.tryAcquire(8);
    const wait = waiting(semaphore.acquire(4));
    for (const count of [1, 1]) {
      semaphore.addPermits(count);
      yield* form.settle();
    }
    expect(wait.isWoken).toBe(true);
    const permit = wait.poll() as SemaphorePermit;
    expect(permit.numPermits()).toBe(4);
    drop(permit, held);
    expect(semaphore.availablePermits()).toBe(12);
  });

  test("concurrent_permit_updates: forgetPermits takes only what nobody has", function* (form) {
    const semaphore = form.semaphore(5);
    const held = semaphore.tryAcquire(3);
    expect(semaphore.forgetPermits(10)).toBe(2);
    expect(semaphore.availablePermits()).toBe(0);
    drop(held);
    expect(semaphore.availablePermits()).toBe(3);
  });

  test("the waker of the last poll counts", function* (form) {
    const semaphore = form.semaphore(0);
    const acquire = semaphore.acquire();
    const before = waiting(acquire);
    const after = waiting(acquire);
    semaphore.addPermits(1);
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    drop(after.poll() as Disposable);
  });

  test("polled after completion", function* (form) {
    const semaphore = form.semaphore(1);
    const acquire = semaphore.acquire();
    const permit = readyNow(acquire);
    expect(failing(acquire)).toMatchObject({ name: "PolledAfterCompletionError" });
    drop(acquire);
    expect(semaphore.availablePermits()).toBe(0);
    drop(permit);
    semaphore.close();
    const failed = semaphore.acquire();
    expect(failing(failed)).toMatchObject(ACQUIRE_ERROR);
    expect(failing(failed)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test("a permit is given back once", function* (form) {
    const semaphore = form.semaphore(3);
    const permit = semaphore.tryAcquire(2);
    permit.release();
    permit.release();
    drop(permit);
    expect(semaphore.availablePermits()).toBe(3);
  });

  test("a permit that is released, merged or forgotten refuses", function* (form) {
    const semaphore = form.semaphore(9);
    const into = semaphore.tryAcquire();
    const spent = upTo(3).map(() => semaphore.tryAcquire()) as [
      SemaphorePermit,
      SemaphorePermit,
      SemaphorePermit,
    ];
    spent[0].release();
    into.merge(spent[1]);
    spent[2].forget();
    for (const permit of spent)
      for (const use of [
        () => permit.numPermits(),
        () => permit.split(1),
        () => permit.forget(),
        () => permit.merge(into),
        () => into.merge(permit),
      ]) {
        const error = thrownBy(use);
        expect(error).toMatchObject({ name: "ReleasedGuardError" });
        expect(error.message).toMatch(/^a (Shared)?SemaphorePermit /);
      }
    drop(into, ...spent);
    expect(semaphore.availablePermits()).toBe(8);
  });

  test("aborted holders and waiters give back", function* (form) {
    const semaphore = form.semaphore(2);
    const tasks = upTo(5).map((index) =>
      spawn(function* () {
        using _permit = yield* semaphore.acquire(1 + (index % 2));
        yield* sleep(100_000);
      }),
    );
    for (let round = 0; round < 5; round++) yield* yieldNow();
    for (const task of tasks) task.abort();
    drop(yield* semaphore.acquire(2));
    while (!tasks.every((task) => task.isFinished())) yield* yieldNow();
    expect(semaphore.availablePermits()).toBe(2);
  });

  test(
    "is cooperative",
    function* (form) {
      const semaphore = form.semaphore(500);
      yield* yieldNow();
      const futures = upTo(200).map(() => new Polled(semaphore.acquire()));
      const permits = futures.map((future) => future.poll()).filter((permit) => permit !== Pending);
      expect(permits.length).toBe(128);
      for (const future of futures) future.drop();
      drop(...permits);
      expect(semaphore.availablePermits()).toBe(500);
    },
    { budgeted: true },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("add_permits from another thread", function* (form) {
    const semaphore = form.semaphore(0);
    const partner = spawn(partners.addsPermits, semaphore, 3);
    const permit = yield* semaphore.acquire(3);
    expect(permit.numPermits()).toBe(3);
    drop(permit);
    yield* partner;
    expect(semaphore.availablePermits()).toBe(3);
  });

  test.partnered("a permit comes back from another thread", function* (form) {
    const semaphore = form.semaphore(2);
    const partner = spawn(partners.acquires, semaphore, 2, 3);
    // It may be over before anybody looks.
    while (semaphore.availablePermits() !== 0 && !partner.isFinished()) yield* sleep(1);
    drop(yield* semaphore.acquire(1));
    expect(yield* partner).toEqual({ value: 2 });
    expect(semaphore.availablePermits()).toBe(2);
  });

  test.partnered("close from another thread", function* (form) {
    const semaphore = form.semaphore(0);
    const waits = spawn(partners.acquires, semaphore, 1, 0);
    const partner = spawn(partners.closes, semaphore);
    const error = yield* spawn(function* () {
      try {
        yield* semaphore.acquire();
      } catch (caught) {
        return (caught as Error).name;
      }
    });
    expect(error).toBe("AcquireError");
    expect(yield* waits).toMatchObject({ error: "AcquireError" });
    yield* partner;
  });

  test.partnered("stress_test across threads: permits are conserved", function* (form) {
    const semaphore = form.semaphore(3);
    const tasks = upTo(60).map((index) =>
      spawn(partners.acquires, semaphore, 1 + (index % 3), index % 2),
    );
    for (const doomed of tasks.slice(40, 50)) doomed.abort();
    for (const task of tasks.slice(0, 40)) yield* task;
    for (const task of tasks.slice(50)) yield* task;
    while (!tasks.every((task) => task.isFinished())) yield* sleep(1);
    expect(semaphore.availablePermits()).toBe(3);
  });

  test.absent("permit_semaphore", "a permit does not name its semaphore");
  test.absent("merge_many_permits", "counts have 29 bits, as Tokio's on 32-bit machines");
  test.absent("blocking_acquire…", "nothing blocks");
  test.absent("close_drops_wakers_outside_lock", "wakers have no destructors");
  test.absent(
    "close_wakes_waiters_outside_lock",
    "wakers that re-enter: tests/sync/reentrancy.test.ts",
  );
});
