// Guards and permits that nobody releases: the garbage collector finds them, what they held is released, and a report says
// where they were taken.

import { spawn, yieldNow } from "tokiwa";
import {
  Mutex,
  OnceCell,
  RwLock,
  Semaphore,
  type SemaphorePermit,
  trackGuardSites,
} from "tokiwa/sync";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectGarbage, count, Probe, stderrOf, untilCollected } from "../support/tasks.js";
import { runPaused } from "../support/time.js";
import { waiting } from "./polled.js";

const LOST = "was dropped without being released";

beforeEach(() => trackGuardSites(true));
afterEach(() => trackGuardSites(false));

/** Runs `lose` and collects until `isFound`; what was reported. */
async function reportOf(lose: () => unknown, isFound: () => boolean): Promise<string> {
  return stderrOf(async () => {
    lose();
    await untilCollected("what was lost", isFound);
    // A second report of the same would come now.
    await collectGarbage();
  });
}

describe("what was lost is released and reported once", () => {
  test("a MutexGuard", async () => {
    const mutex = new Mutex(1);
    const text = await reportOf(
      () => mutex.tryLock(),
      () => !mutex.isLocked(),
    );
    expect(count(text, LOST)).toBe(1);
    expect(text).toMatch(/tokiwa: a MutexGuard was dropped.* at .*lost-guards\.test\.ts:\d+:\d+/);
    expect(text).toContain("using guard = ");
    expect(mutex.tryLock().value).toBe(1);
  });

  test("a guard that a task took and forgot: the report names the line, the function and the task", async () => {
    const mutex = new Mutex(1);
    let id = 0;
    const text = await reportOf(
      () =>
        runPaused(function* () {
          const task = spawn(function* forgetful() {
            yield* mutex.lock();
          });
          id = task.id;
          yield* task;
        }),
      () => !mutex.isLocked(),
    );
    expect(text).toContain(`taken by task ${id} at forgetful (`);
  });

  test("a permit, while one that was taken before it is held", async () => {
    const semaphore = new Semaphore(2);
    // Both loans have been out and in before: the one that is taken first stood above the other.
    for (const permit of [semaphore.tryAcquire(), semaphore.tryAcquire()]) permit.release();
    const held = semaphore.tryAcquire();
    const text = await reportOf(
      () => semaphore.tryAcquire(),
      () => semaphore.availablePermits() === 1,
    );
    expect(count(text, LOST)).toBe(1);
    expect(held.numPermits()).toBe(1);
  });

  test("a lock that was granted to a wait, and the wait lost before it was polled again", async () => {
    const mutex = new Mutex(1);
    const guard = mutex.tryLock();
    const lose = (): unknown => waiting(mutex.lock());
    lose();
    const behind = waiting(mutex.lock());
    guard.release();
    expect(behind.isWoken).toBe(false);
    const text = await reportOf(
      () => {},
      () => behind.isWoken,
    );
    expect(count(text, LOST)).toBe(1);
    expect(text).toMatch(/taken by somebody at .*lost-guards\.test\.ts:\d+:\d+/);
    expect(behind.isPending()).toBe(false);
  });

  test("a turn to initialise a OnceCell that was granted so", async () => {
    const cell = new OnceCell<number>();
    const probe = new Probe<number>();
    const first = waiting(cell.getOrInit(() => probe));
    const lose = (): unknown => waiting(cell.getOrInit(() => 2));
    lose();
    const behind = waiting(cell.getOrInit(() => 3));
    first.drop();
    await reportOf(
      () => {},
      () => behind.isWoken,
    );
    expect(behind.poll()).toBe(3);
  });

  test("who waits gets the lock", async () => {
    const mutex = new Mutex(1);
    const lose = (): unknown => mutex.tryLock();
    lose();
    const line = [waiting(mutex.lock()), waiting(mutex.lock())];
    const text = await reportOf(
      () => {},
      () => line[0]?.isWoken === true,
    );
    expect(count(text, LOST)).toBe(1);
    expect(line[1]?.isWoken).toBe(false);
    expect(line[0]?.isPending()).toBe(false);
  });

  test("a permit, with as many permits as it had in the end", async () => {
    const semaphore = new Semaphore(10);
    const kept: SemaphorePermit[] = [];
    const text = await reportOf(
      () => {
        const permit = semaphore.tryAcquire(5);
        permit.merge(semaphore.tryAcquire(2));
        kept.push(permit.split(1) as SemaphorePermit);
      },
      () => semaphore.availablePermits() > 3,
    );
    expect(count(text, "a SemaphorePermit was dropped")).toBe(1);
    expect(semaphore.availablePermits()).toBe(9);
    kept[0]?.release();
    expect(semaphore.availablePermits()).toBe(10);
  });

  test("one of many permits, the others stay", async () => {
    const semaphore = new Semaphore(10);
    const permits = Array.from({ length: 10 }, () => semaphore.tryAcquire());
    await reportOf(
      () => permits.splice(3, 4),
      () => semaphore.availablePermits() === 4,
    );
    for (const permit of permits) permit.release();
    expect(semaphore.availablePermits()).toBe(10);
    expect(semaphore.tryAcquire(10).numPermits()).toBe(10);
  });

  test("a reader, a writer, a writer that was downgraded", async () => {
    const lock = new RwLock(1);
    const isFree = (): boolean => {
      try {
        lock.tryWrite().release();
        return true;
      } catch {
        return false;
      }
    };
    for (const lose of [
      () => lock.tryRead(),
      () => lock.tryWrite(),
      () => lock.tryWrite().downgrade(),
    ]) {
      const text = await reportOf(lose, isFree);
      expect(count(text, "a guard of an RwLock was dropped")).toBe(1);
    }
    const read = lock.tryRead();
    expect(isFree()).toBe(false);
    read.release();
    expect(isFree()).toBe(true);
  });

  test("a mapped guard, but not the one it was made from", async () => {
    const mutex = new Mutex({ part: { inner: 1 } });
    const kept: Disposable[] = [];
    const quiet = await stderrOf(async () => {
      const take = (): unknown =>
        kept.push(
          mutex
            .tryLock()
            .map((value) => value.part)
            .map((part) => part.inner),
        );
      take();
      await collectGarbage();
    });
    expect(quiet).toBe("");
    expect(mutex.isLocked()).toBe(true);
    const text = await reportOf(
      () => kept.pop(),
      () => !mutex.isLocked(),
    );
    expect(count(text, LOST)).toBe(1);
  });

  test("one that its own receiver holds: the place that was noted does not keep it", async () => {
    const mutex = new Mutex(1);
    class Service {
      guard: Disposable | undefined;
      start(): void {
        this.guard = mutex.tryLock();
      }
    }
    const text = await reportOf(
      () => new Service().start(),
      () => !mutex.isLocked(),
    );
    expect(text).toMatch(/at (?:Service\.)?start/);
  });

  test("several losses of one place are reported once", async () => {
    const mutexes = Array.from({ length: 5 }, () => new Mutex(1));
    const text = await reportOf(
      () => {
        for (const mutex of mutexes) mutex.tryLock();
      },
      () => mutexes.every((mutex) => !mutex.isLocked()),
    );
    expect(count(text, LOST)).toBe(1);
  });
});

describe("what was not lost", () => {
  test("a guard that is held, and one that was released", async () => {
    const mutex = new Mutex(1);
    const semaphore = new Semaphore(5);
    const guard = mutex.tryLock();
    const text = await stderrOf(async () => {
      const use = (): void => {
        for (let round = 0; round < 100; round++) {
          const permits = [semaphore.tryAcquire(2), semaphore.tryAcquire()];
          for (const permit of permits) permit.release();
        }
        const merged = semaphore.tryAcquire();
        merged.merge(semaphore.tryAcquire());
        merged.forget();
      };
      use();
      await collectGarbage();
      await collectGarbage();
    });
    expect(text).toBe("");
    expect([mutex.isLocked(), semaphore.availablePermits()]).toEqual([true, 3]);
    guard.release();
    expect(mutex.isLocked()).toBe(false);
  });

  test("a guard that goes together with its lock", async () => {
    const locks: WeakRef<object>[] = [];
    const text = await stderrOf(async () => {
      const lose = (): void => {
        const mutex = new Mutex(1);
        locks.push(new WeakRef(mutex));
        mutex.tryLock();
      };
      for (let round = 0; round < 10; round++) lose();
      await untilCollected("the locks", () => locks.every((lock) => lock.deref() === undefined));
    });
    expect(text).toBe("");
  });

  test("a lock that was used is not kept by what watches its guards", async () => {
    const insides: WeakRef<object>[] = [];
    const use = (): void => {
      const mutex = new Mutex(1);
      mutex.tryLock().release();
      mutex.tryLock();
      for (const part of Object.values(mutex)) insides.push(new WeakRef(part as object));
    };
    use();
    expect(insides).toHaveLength(1);
    await untilCollected("its parts", () => insides.every((part) => part.deref() === undefined));
  });
});

describe("costs", () => {
  test("nothing is registered per acquisition: as many as were ever out at once", () => {
    const register = vi.spyOn(FinalizationRegistry.prototype, "register");
    try {
      const mutex = new Mutex(1);
      const semaphore = new Semaphore(8);
      for (let round = 0; round < 100; round++) {
        mutex.tryLock().release();
        const permits = Array.from({ length: 8 }, () => semaphore.tryAcquire());
        for (const permit of permits) permit.release();
      }
      expect(register).toHaveBeenCalledTimes(1 + 8);
    } finally {
      register.mockRestore();
    }
  });

  test("places are noted only while they are wanted, and again after a loss", async () => {
    const held = (lock: Mutex<number>): string => {
      const text = waiting(lock.lock()).future.waitsFor() as string;
      return text.slice(text.indexOf("held by"));
    };
    const nowhere = /^held by somebody$/;
    const here = /^held by somebody at .*lost-guards/;
    const take = (): [Mutex<number>, Disposable] => {
      const mutex = new Mutex(1);
      return [mutex, mutex.tryLock()];
    };
    expect(held(take()[0])).toMatch(here);
    trackGuardSites(false);
    expect(held(take()[0])).toMatch(nowhere);
    const lost = new Mutex(1);
    const text = await reportOf(
      () => lost.tryLock(),
      () => !lost.isLocked(),
    );
    expect(text).toContain("It was taken by somebody.");
    expect(text).toContain("trackGuardSites(true)");
    expect(held(take()[0])).toMatch(here);
    for (let round = 0; round < 1_000; round++) lost.tryLock().release();
    expect(held(take()[0])).toMatch(nowhere);
  });

  test("the limit of stack traces is put back", () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 17;
    try {
      new Mutex(1).tryLock().release();
      expect(Error.stackTraceLimit).toBe(17);
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  test("an engine or a hook without usable stacks: there are no places", () => {
    const saved = { capture: Error.captureStackTrace, prepare: Error.prepareStackTrace };
    const described = (): string | undefined => {
      const mutex = new Mutex(1);
      mutex.tryLock();
      return waiting(mutex.lock()).future.waitsFor();
    };
    try {
      Error.prepareStackTrace = (_, sites) => sites.map(() => ({}));
      expect(described()).toBe("Mutex.lock(), held by somebody");
      Error.prepareStackTrace = saved.prepare as NonNullable<typeof saved.prepare>;
      (Error as { captureStackTrace?: unknown }).captureStackTrace = undefined;
      expect(described()).toBe("Mutex.lock(), held by somebody");
    } finally {
      Error.captureStackTrace = saved.capture;
      Error.prepareStackTrace = saved.prepare as NonNullable<typeof saved.prepare>;
    }
  });

  test("a task that loses guards for ever goes on", async () => {
    const mutex = new Mutex(0);
    const text = await stderrOf(async () => {
      for (let loss = 0; loss < 3; loss++) {
        runPaused(function* () {
          const lose = spawn(function* () {
            const guard = yield* mutex.lock();
            guard.value += 1;
          });
          yield* yieldNow();
          expect(lose.isFinished()).toBe(true);
        });
        await untilCollected("the guard", () => !mutex.isLocked());
      }
    });
    expect(mutex.tryLock().value).toBe(3);
    expect(count(text, LOST)).toBeGreaterThan(0);
  });
});
