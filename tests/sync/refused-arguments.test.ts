// What locks and cells refuse: at the call, by a named error that says what to write.

import { TokiwaError } from "tokiwa";
import {
  CapacityError,
  Mutex,
  OnceCell,
  PollSemaphore,
  ReadOnlyGuardError,
  RwLock,
  Semaphore,
  SyncArgumentError,
} from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { thrown } from "../support/tasks.js";

const nothing = undefined as never;

const REFUSED: [string, () => unknown, string][] = [
  [
    "Mutex.with",
    () => new Mutex(0).with(nothing),
    "with(callback) was given undefined, but must be a function",
  ],
  [
    "RwLock.withRead",
    () => new RwLock(0).withRead(5 as never),
    "withRead(callback) was given 5, but must be a function",
  ],
  [
    "RwLock.withWrite",
    () => new RwLock(0).withWrite(nothing),
    "withWrite(callback) was given undefined",
  ],
  [
    "OnceCell.getOrInit",
    () => new OnceCell().getOrInit(nothing),
    "getOrInit(initializer) was given undefined",
  ],
  [
    "MutexGuard.map",
    () => new Mutex(0).tryLock().map(nothing),
    "map(project) was given undefined, but must be a function that finds the part",
  ],
  ["MutexGuard.tryMap", () => new Mutex(0).tryLock().tryMap(nothing), "tryMap(project)"],
  [
    "MappedGuard.map",
    () =>
      new Mutex(0)
        .tryLock()
        .map((n) => n)
        .map(nothing),
    "map(project)",
  ],
  [
    "MappedGuard.tryMap",
    () =>
      new Mutex(0)
        .tryLock()
        .map((n) => n)
        .tryMap(nothing),
    "tryMap(project)",
  ],
  [
    "SemaphorePermit.merge of nothing",
    () => new Semaphore(1).tryAcquire().merge(nothing),
    "merge(other) was given undefined, but must be another permit",
  ],
  [
    "SemaphorePermit.merge of something",
    () => new Semaphore(1).tryAcquire().merge({} as never),
    "merge(other)",
  ],
  [
    "RwLock without options",
    () => new RwLock(0, null as never),
    "RwLock(value, options) was given null, but must be an object",
  ],
  [
    "RwLock with a number for options",
    () => new RwLock(0, 4 as never),
    "RwLock(value, options) was given 4",
  ],
  [
    "PollSemaphore",
    () => new PollSemaphore(nothing),
    "PollSemaphore(semaphore) was given undefined, but must be a semaphore",
  ],
];

test.each(REFUSED)("%s", (_, call, message) => {
  const error = thrown(call);
  expect(error).toBeInstanceOf(SyncArgumentError);
  expect(error).toBeInstanceOf(TokiwaError);
  expect(error.message).toContain(message);
});

test("what was refused has taken nothing", () => {
  const mutex = new Mutex(1);
  thrown(() => mutex.with(nothing));
  expect(mutex.isLocked()).toBe(false);
  const guard = mutex.tryLock();
  thrown(() => guard.map(nothing));
  expect(guard.value).toBe(1);
});

describe("a value that a guard only shows", () => {
  test("a ReadGuard", () => {
    const guard = new RwLock(1).tryRead();
    const error = thrown(() => {
      // @ts-expect-error: refused by the compiler too.
      guard.value = 2;
    });
    expect(error).toBeInstanceOf(ReadOnlyGuardError);
    expect(error.message).toContain("take `write()` to replace it");
    expect(guard.value).toBe(1);
  });

  test("a MappedGuard", () => {
    const mutex = new Mutex({ count: 1 });
    const guard = mutex.tryLock().map((value) => value.count);
    const error = thrown(() => {
      // @ts-expect-error: refused by the compiler too.
      guard.value = 2;
    });
    expect(error).toBeInstanceOf(ReadOnlyGuardError);
    expect(error.message).toContain("map to the object that holds it");
    expect(guard.value).toBe(1);
  });
});

describe("more permits than MAX_PERMITS", () => {
  const most = Semaphore.MAX_PERMITS;

  test("those that are out count", () => {
    const semaphore = new Semaphore(most);
    const permit = semaphore.tryAcquire(most);
    expect(() => semaphore.addPermits(1)).toThrow(CapacityError);
    permit.release();
    expect(semaphore.availablePermits()).toBe(most);
  });

  test("those that were forgotten make room", () => {
    const semaphore = new Semaphore(most);
    semaphore.tryAcquire(2).forget();
    expect(semaphore.forgetPermits(3)).toBe(3);
    expect(() => semaphore.addPermits(6)).toThrow(/whole number from 0 to 5/);
    semaphore.addPermits(5);
    expect(semaphore.availablePermits()).toBe(most);
  });

  test("one permit can hold all that there are", () => {
    const semaphore = new Semaphore(most);
    const [first, second] = [semaphore.tryAcquire(most - 1), semaphore.tryAcquire(1)];
    first.merge(second);
    expect(first.numPermits()).toBe(most);
  });
});
