// RwLock and its guards. Mirrors Tokio's sync_rwlock.rs, under its names.

import { sleep, spawn, yieldNow } from "tokiwa";
import {
  CapacityError,
  ReadGuard,
  ReleasedGuardError,
  RwLock,
  TryLockError,
  trackGuardSites,
  WriteGuard,
} from "tokiwa/sync";
import { describe, expect, expectTypeOf, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { readyNow, waiting } from "./polled.js";

describe("readers and writers", () => {
  test("read_shared", () => {
    const lock = new RwLock(100);
    const first = readyNow(lock.read());
    const second = readyNow(lock.read());
    expect(first).toBeInstanceOf(ReadGuard);
    expect([first.value, second.value]).toEqual([100, 100]);
    expect(() => lock.tryWrite()).toThrow(TryLockError);
  });

  test("write_shared_pending", () => {
    const lock = new RwLock(100);
    const guard = readyNow(lock.read());
    const write = waiting(lock.write());
    guard.release();
    expect(write.isWoken).toBe(true);
    expect(write.isPending()).toBe(false);
  });

  test("read_exclusive_pending", () => {
    const lock = new RwLock(100);
    const guard = readyNow(lock.write());
    expect(guard).toBeInstanceOf(WriteGuard);
    const read = waiting(lock.read());
    guard.release();
    expect(read.isWoken).toBe(true);
  });

  test("exhaust_reading", () => {
    const lock = new RwLock(100, { maxReaders: 1024 });
    const readers = Array.from({ length: 1024 }, () => readyNow(lock.read()));
    const last = waiting(lock.read());
    expect(() => lock.tryRead()).toThrow(TryLockError);
    readers.pop()?.release();
    expect(last.isWoken).toBe(true);
    expect((last.poll() as ReadGuard<number>).value).toBe(100);
  });

  test("write_exclusive_pending", () => {
    const lock = new RwLock(100);
    const guard = readyNow(lock.write());
    const second = waiting(lock.write());
    guard.release();
    expect(second.isWoken).toBe(true);
  });

  test("write_shared_drop: a writer is not woken before the last reader has gone", () => {
    const lock = new RwLock(100);
    const [first, second] = [readyNow(lock.read()), readyNow(lock.read())];
    const write = waiting(lock.write());
    first.release();
    expect(write.isWoken).toBe(false);
    expect(write.isPending()).toBe(true);
    second.release();
    expect(write.isWoken).toBe(true);
  });

  test("write_read_shared_pending: a reader behind a writer in line waits", () => {
    const lock = new RwLock(100);
    const reader = readyNow(lock.read());
    readyNow(lock.read()).release();
    const write = waiting(lock.write());
    const late = waiting(lock.read());
    expect(() => lock.tryRead()).toThrow(TryLockError);
    reader.release();
    expect([write.isWoken, late.isWoken]).toEqual([true, false]);
    (write.poll() as WriteGuard<number>).release();
    expect(late.isWoken).toBe(true);
  });

  test("write_read_shared_drop: with the writer gone the readers behind it go on", () => {
    const lock = new RwLock(100);
    const reader = readyNow(lock.read());
    const write = waiting(lock.write());
    const late = [waiting(lock.read()), waiting(lock.read())];
    const lastWrite = waiting(lock.write());
    write.drop();
    expect(late.map((each) => each.isWoken)).toEqual([true, true]);
    for (const each of late) (each.poll() as ReadGuard<number>).release();
    reader.release();
    expect(lastWrite.isWoken).toBe(true);
  });

  test("one writer that was granted and is dropped unpolled passes the lock on", () => {
    const lock = new RwLock(0);
    const guard = lock.tryWrite();
    const [write, read] = [waiting(lock.write()), waiting(lock.read())];
    guard.release();
    expect([write.isWoken, read.isWoken]).toEqual([true, false]);
    write.drop();
    expect(read.isWoken).toBe(true);
  });

  test("write_order", () => {
    const lock = new RwLock("");
    runPaused(function* () {
      function* append(text: string) {
        using guard = yield* lock.write();
        yield* yieldNow();
        guard.value += text;
      }
      const tasks = ["a", "b", "c", "d"].map((text) => spawn(append, text));
      for (const task of tasks) yield* task;
    });
    expect(lock.tryRead().value).toBe("abcd");
  });

  test("multithreaded: readers see no half of a write", () => {
    const lock = new RwLock({ left: 0, right: 0 });
    runPaused(function* () {
      const tasks = Array.from({ length: 12 }, (_, index) =>
        spawn(function* () {
          for (let round = 0; round < 20; round++) {
            if (index % 3 === 0) {
              using guard = yield* lock.write();
              guard.value.left += 1;
              yield* yieldNow();
              guard.value.right += 1;
            } else {
              using guard = yield* lock.read();
              const { left } = guard.value;
              yield* yieldNow();
              expect(guard.value).toEqual({ left, right: left });
            }
          }
        }),
      );
      for (const task of tasks) yield* task;
    });
    expect(lock.tryRead().value).toEqual({ left: 80, right: 80 });
  });

  test("try_write; try_read_try_write", () => {
    const lock = new RwLock(1500);
    const first = lock.tryRead();
    const second = lock.tryRead();
    expect(() => lock.tryWrite()).toThrow(TryLockError);
    first.release();
    expect(() => lock.tryWrite()).toThrow(TryLockError);
    second.release();
    const write = lock.tryWrite();
    expect(() => lock.tryRead()).toThrow(TryLockError);
    expect(() => lock.tryWrite()).toThrow(TryLockError);
    write.value = 1515;
    write.release();
    expect(lock.tryRead().value).toBe(1515);
  });

  test.each([0, -1, 1.5, 2 ** 29, Number.NaN])("maxReaders: %s is refused", (maxReaders) => {
    expect(() => new RwLock(0, { maxReaders })).toThrow(CapacityError);
  });
});

describe("guards", () => {
  test("released, they refuse; another release is harmless", () => {
    const lock = new RwLock(1);
    const write = lock.tryWrite();
    write.release();
    write.release();
    write[Symbol.dispose]();
    for (const use of [
      () => write.value,
      () => {
        write.value = 2;
      },
      () => write.downgrade(),
      () => write.map((value) => value),
    ])
      expect(use).toThrow(ReleasedGuardError);
    const read = lock.tryRead();
    const other = lock.tryRead();
    read.release();
    read.release();
    expect(() => read.value).toThrow(ReleasedGuardError);
    expect(() => read.map((value) => value)).toThrow(ReleasedGuardError);
    expect(() => lock.tryWrite()).toThrow(TryLockError);
    other.release();
    lock.tryWrite().release();
  });

  test("downgrade: readers may come, writers may not, and nobody got in between", () => {
    const lock = new RwLock(1);
    const write = lock.tryWrite();
    const nextWrite = waiting(lock.write());
    const nextRead = waiting(lock.read());
    write.value = 2;
    const read = write.downgrade();
    expect(read).toBeInstanceOf(ReadGuard);
    expect(read.value).toBe(2);
    expect(() => write.value).toThrow(ReleasedGuardError);
    write.release();
    expect([nextWrite.isWoken, nextRead.isWoken]).toEqual([false, false]);
    read.release();
    expect([nextWrite.isWoken, nextRead.isWoken]).toEqual([true, false]);
  });

  test("downgrade lets the readers in that stand first in line", () => {
    const lock = new RwLock(1);
    const write = lock.tryWrite();
    const reads = [waiting(lock.read()), waiting(lock.read())];
    const read = write.downgrade();
    expect(reads.map((each) => each.isWoken)).toEqual([true, true]);
    expect(() => lock.tryWrite()).toThrow(TryLockError);
    for (const each of reads) (each.poll() as ReadGuard<number>).release();
    read.release();
    lock.tryWrite().release();
  });

  test("downgrade with room for a single reader", () => {
    const lock = new RwLock(1, { maxReaders: 1 });
    const read = lock.tryWrite().downgrade();
    expect(() => lock.tryRead()).toThrow(TryLockError);
    read.release();
    lock.tryWrite().release();
  });

  test("mapped guards hold what they were made from", () => {
    const lock = new RwLock({ part: "a" });
    const write = lock.tryWrite().map((value) => value.part);
    expect(write.value).toBe("a");
    expect(() => lock.tryRead()).toThrow(TryLockError);
    write.release();
    const read = lock.tryRead().map((value) => value.part);
    lock.tryRead().release();
    expect(() => lock.tryWrite()).toThrow(TryLockError);
    read.release();
    lock.tryWrite().release();
  });
});

describe("callbacks", () => {
  test("withRead shares, withWrite does not", () => {
    const lock = new RwLock({ n: 0 });
    runPaused(function* () {
      let reading = 0;
      let most = 0;
      function* read(value: { n: number }) {
        reading += 1;
        most = Math.max(most, reading);
        yield* sleep(2);
        reading -= 1;
        return value.n;
      }
      function* write(value: { n: number }) {
        expect(reading).toBe(0);
        const before = value.n;
        yield* sleep(2);
        value.n = before + 1;
      }
      const tasks = [
        spawn(lock.withRead(read)),
        spawn(lock.withRead(read)),
        spawn(lock.withWrite(write)),
        spawn(lock.withWrite(write)),
        spawn(lock.withRead(read)),
      ];
      const results: unknown[] = [];
      for (const task of tasks) results.push(yield* task);
      expect(results).toEqual([0, 0, undefined, undefined, 2]);
      expect(most).toBe(2);
      expectTypeOf(yield* lock.withRead(read)).toEqualTypeOf<number>();
    });
  });

  test("they release on a throw and on a drop", () => {
    const lock = new RwLock(0);
    const error = new Error("inside");
    const failing = (): never => {
      throw error;
    };
    expect(thrownBy(() => readyNow(lock.withRead(failing)))).toBe(error);
    expect(thrownBy(() => readyNow(lock.withWrite(failing)))).toBe(error);
    lock.tryWrite().release();
    const pausing = waiting(lock.withWrite(() => lock.read()));
    expect(() => lock.tryRead()).toThrow(TryLockError);
    pausing.drop();
    lock.tryWrite().release();
  });
});

test("an aborted task releases what it held and leaves the line", () => {
  const lock = new RwLock(0);
  runPaused(function* () {
    const reader = spawn(function* () {
      using _guard = yield* lock.read();
      yield* sleep(1_000);
    });
    yield* yieldNow();
    const writer = spawn(function* () {
      using guard = yield* lock.write();
      guard.value = 1;
      yield* sleep(1_000);
    });
    yield* yieldNow();
    const late = spawn(lock.read());
    yield* yieldNow();
    writer.abort();
    (yield* late).release();
    reader.abort();
    yield* yieldNow();
    expect(lock.tryWrite().value).toBe(0);
  });
});

test("a task that always finds it free lets the others run", () => {
  const lock = new RwLock(0);
  let rounds = 0;
  runPaused(function* () {
    const busy = spawn(function* () {
      for (;;) {
        (yield* lock.read()).release();
        (yield* lock.write()).release();
        rounds += 2;
      }
    });
    yield* yieldNow();
    busy.abort();
  });
  expect(rounds).toBe(128);
});

test("who waits can say for what, and who has it", () => {
  const lock = new RwLock(0);
  trackGuardSites(true);
  runPaused(function* () {
    for (let reader = 0; reader < 6; reader++) {
      spawn(function* () {
        yield* lock.read();
        for (;;) yield* yieldNow();
      });
    }
    yield* yieldNow();
    const text = waiting(lock.write()).future.waitsFor();
    expect(text).toMatch(/^RwLock\.write\(\), held by task \d+ at .*rw-lock\.test\.ts.*, 2 more$/);
    expect(waiting(lock.read()).future.waitsFor()).toMatch(/^RwLock\.read\(\), held by task/);
  });
  trackGuardSites(false);
});

test("a report names only those who still have it", () => {
  const lock = new RwLock(0);
  trackGuardSites(false);
  runPaused(function* () {
    const guards: ReadGuard<number>[] = [];
    function* read() {
      guards.push(yield* lock.read());
    }
    const tasks = [1, 2, 3].map(() => spawn(read));
    for (const task of tasks) yield* task;
    guards[0]?.release();
    guards[2]?.release();
    const text = waiting(lock.write()).future.waitsFor();
    expect(text).toBe(`RwLock.write(), held by task ${tasks[1]?.id}`);
  });
});

test("guards know their lock, until they are released", () => {
  const lock = new RwLock(0);
  const writing = lock.tryWrite();
  expect(writing.rwLock).toBe(lock);
  const reading = writing.downgrade();
  expect(reading.rwLock).toBe(lock);
  reading.release();
  expect(() => reading.rwLock).toThrow(ReleasedGuardError);
  expect(() => writing.rwLock).toThrow(ReleasedGuardError);
});
