// A holder that dies poisons its lock. Who comes next is told, the lock is free again whatever becomes of the error, and `recover`
// takes it and clears the poison.

import { Pending } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import {
  ClosedHandleError,
  Mutex,
  PoisonedError,
  RwLock,
  type SharedMutex,
  type SharedMutexGuard,
  TryLockError,
} from "tokiwa/sync";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { rejection, settles } from "../support/tasks.js";
import { Polled } from "../sync/polled.js";
import { dismiss, LONG, sharedWords, unmanned } from "./crew.js";
import * as tasks from "./fixtures/sync-poison.mjs";
import { inside } from "./sync-kinds.js";

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

let rt: Runtime;
beforeAll(() => {
  rt = unmanned(1);
});
afterAll(async () => {
  await dismiss(rt);
});

async function poisoned(): Promise<SharedMutex<string[]>> {
  const mutex = inside(rt, () => Mutex.shared(["whole"]));
  await rejection(settles(rt.spawn(tasks.diesHolding, mutex, sharedWords(1)), LONG));
  return mutex;
}

async function poisonOf(
  lock: SharedMutex<string[]>,
): Promise<PoisonedError<SharedMutexGuard<string[]>>> {
  const error = await rejection(settles(lock.lock(), LONG));
  expect(error).toBeInstanceOf(PoisonedError);
  return error as PoisonedError<SharedMutexGuard<string[]>>;
}

describe("a poisoned lock", () => {
  test("is free when its error was thrown: everybody is told, and nobody waits for who forgets it", async () => {
    const mutex = await poisoned();
    for (let locker = 0; locker < 3; locker++) await poisonOf(mutex);
    expect(() => mutex.tryLock()).toThrow(PoisonedError);
    expect(() => mutex.tryLock()).toThrow(PoisonedError);
    expect([mutex.isPoisoned(), mutex.isLocked()]).toEqual([true, false]);
  });

  test("those who wait in line are told one after the other", async () => {
    const mutex = inside(rt, () => Mutex.shared(["whole"]));
    const dying = rt.spawn(tasks.diesHolding, mutex, sharedWords(1));
    await rejection(settles(dying, LONG));
    const all = [mutex.lock(), mutex.lock(), mutex.lock()];
    const names = await Promise.all(
      all.map(async (lock) => ((await rejection(settles(lock, LONG))) as Error).name),
    );
    expect(names).toEqual(["PoisonedError", "PoisonedError", "PoisonedError"]);
  });

  test("recover locks it, and clears the poison when it has it", async () => {
    const mutex = await poisoned();
    const error = await poisonOf(mutex);
    const guard = await settles(error.recover(), LONG);
    expect([guard.value, mutex.isPoisoned(), mutex.isLocked()]).toEqual([["whole"], false, true]);
    guard.release();
    const next = await settles(mutex.lock(), LONG);
    next.release();
  });

  test("recover waits in line, and clears nothing before it holds the lock", async () => {
    const mutex = await poisoned();
    const first = await poisonOf(mutex);
    const second = await poisonOf(mutex);
    const guard = await settles(first.recover(), LONG);
    const waits = new Polled(second.recover());
    expect(waits.poll()).toBe(Pending);
    guard.release();
    expect(() => mutex.tryLock()).toThrow(TryLockError);
    const other = waits.poll() as SharedMutexGuard<string[]>;
    expect(other.value).toEqual(["whole"]);
    other.release();
  });

  test("one that is dropped leaves the poison, and one whose handle is closed refuses", async () => {
    const mutex = await poisoned();
    const error = await poisonOf(mutex);
    error.recover()[Symbol.dispose]();
    expect(mutex.isPoisoned()).toBe(true);
    mutex[Symbol.dispose]();
    expect(() => error.recover()).toThrow(ClosedHandleError);
  });

  test("a RwLock tells readers and writers", async () => {
    const lock = inside(rt, () => RwLock.shared(["whole"]));
    await rejection(settles(rt.spawn(tasks.diesWriting, lock), LONG));
    expect(await rejection(settles(lock.read(), LONG))).toBeInstanceOf(PoisonedError);
    expect(() => lock.tryRead()).toThrow(PoisonedError);
    const error = (await rejection(settles(lock.write(), LONG))) as PoisonedError<Disposable>;
    (await settles(error.recover(), LONG))[Symbol.dispose]();
    const guard = await settles(lock.read(), LONG);
    expect(guard.value).toEqual(["whole"]);
    guard.release();
  });
});
