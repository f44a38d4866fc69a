// RwLock: the cases of Tokio's sync_rwlock.rs, under their names, and what its loom models are about.

import { Pending, sleep, spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import type { ReadGuard, WriteGuard } from "./contract.js";
import { drop, failing, guarded, Polled, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const HELD = { name: "TryLockError" };
const RELEASED = { name: "ReleasedGuardError" };

conformance((test) => {
  test("read_shared", function* (form) {
    const lock = form.rwLock(100);
    const first = readyNow(lock.read());
    const second = readyNow(lock.read());
    expect([first.value, second.value]).toEqual([100, 100]);
    drop(first, second);
  });

  test("write_shared_pending", function* (form) {
    const lock = form.rwLock(100);
    const reader = readyNow(lock.read());
    waiting(lock.write()).drop();
    drop(reader);
  });

  test("read_exclusive_pending", function* (form) {
    const lock = form.rwLock(100);
    const writer = readyNow(lock.write());
    const reader = waiting(lock.read());
    drop(writer);
    yield* form.settle();
    expect(reader.isWoken).toBe(true);
    drop(reader.poll() as Disposable);
  });

  test("exhaust_reading", function* (form) {
    const lock = form.rwLock(100, { maxReaders: 64 });
    const readers: ReadGuard<number>[] = [];
    for (;;) {
      const read = new Polled(lock.read());
      const guard = read.poll();
      if (guard === Pending) {
        read.drop();
        break;
      }
      readers.push(guard);
    }
    expect(readers.length).toBe(64);
    expect(thrownBy(() => lock.tryRead())).toMatchObject(HELD);
    const next = waiting(lock.read());
    drop(readers.pop());
    yield* form.settle();
    expect(next.isWoken).toBe(true);
    drop(next.poll() as Disposable, ...readers);
    drop(lock.tryWrite());
  });

  test("zero_max_readers", function* (form) {
    for (const maxReaders of [0, -1, 0.5, 2 ** 31, Number.NaN])
      expect(thrownBy(() => form.rwLock(100, { maxReaders }))).toMatchObject({
        name: "CapacityError",
      });
  });

  test("write_exclusive_pending", function* (form) {
    const lock = form.rwLock(100);
    const writer = readyNow(lock.write());
    const next = waiting(lock.write());
    drop(writer);
    yield* form.settle();
    expect(next.isWoken).toBe(true);
    drop(next.poll() as Disposable);
  });

  test("write_shared_drop", function* (form) {
    const lock = form.rwLock(100);
    const reader = readyNow(lock.read());
    const writer = waiting(lock.write());
    drop(reader);
    yield* form.settle();
    expect(writer.isWoken).toBe(true);
    drop(writer.poll() as Disposable);
  });

  test("write_read_shared_pending", function* (form) {
    const lock = form.rwLock(100);
    const first = readyNow(lock.read());
    const second = readyNow(lock.read());
    const writer = waiting(lock.write());
    const late = waiting(lock.read());
    drop(first);
    yield* form.settle();
    expect([writer.isWoken, late.isWoken]).toEqual([false, false]);
    drop(second);
    yield* form.settle();
    expect([writer.isWoken, late.isWoken]).toEqual([true, false]);
    drop(writer.poll() as Disposable);
    yield* form.settle();
    expect(late.isWoken).toBe(true);
    drop(late.poll() as Disposable);
  });

  test("write_read_shared_drop_pending", function* (form) {
    const lock = form.rwLock(100);
    const reader = readyNow(lock.read());
    const writer = waiting(lock.write());
    const late = waiting(lock.read());
    writer.drop();
    yield* form.settle();
    expect(late.isWoken).toBe(true);
    drop(late.poll() as Disposable, reader);
    drop(lock.tryWrite());
  });

  test("read_uncontested", function* (form) {
    const lock = form.rwLock(100);
    using guard = yield* lock.read();
    expect(guard.value).toBe(100);
  });

  test("write_uncontested", function* (form) {
    const lock = form.rwLock(100);
    {
      using guard = yield* lock.write();
      guard.value += 50;
      expect(guard.value).toBe(150);
    }
    expect(guarded(lock.tryRead())).toBe(150);
  });

  test("write_order", function* (form) {
    const lock = form.rwLock<number[]>([]);
    const second = lock.write();
    const first = lock.write();
    for (const [write, value] of [
      [first, 1],
      [second, 2],
    ] as const) {
      using guard = yield* write;
      guard.value = [...guard.value, value];
    }
    using guard = yield* lock.read();
    expect(guard.value).toEqual([1, 2]);
  });

  test("multithreaded (here: tasks of one thread)", function* (form) {
    const lock = form.rwLock(0);
    const tasks = [2, 3, 5, 7].map((step) =>
      spawn(function* () {
        for (let round = 0; round < 100; round++) {
          using guard = yield* lock.write();
          const seen = guard.value;
          if (round % 10 === 0) yield* yieldNow();
          guard.value = seen + step;
        }
      }),
    );
    const seen: number[] = [];
    const reader = spawn(function* () {
      for (let round = 0; round < 20; round++) {
        using guard = yield* lock.read();
        const before = guard.value;
        yield* yieldNow();
        expect(guard.value).toBe(before);
        seen.push(before);
      }
    });
    for (const task of [...tasks, reader]) yield* task;
    using guard = yield* lock.read();
    expect(guard.value).toBe(1_700);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test("try_write", function* (form) {
    const lock = form.rwLock(0);
    const reader = yield* lock.read();
    expect(thrownBy(() => lock.tryWrite())).toMatchObject(HELD);
    drop(reader);
    drop(lock.tryWrite());
  });

  test("try_read_try_write", function* (form) {
    const lock = form.rwLock(15);
    const first = lock.tryRead();
    expect(first.value).toBe(15);
    expect(thrownBy(() => lock.tryWrite())).toMatchObject(HELD);
    const second = lock.tryRead();
    expect(second.value).toBe(15);
    drop(first, second);
    const writer = lock.tryWrite();
    writer.value = 1515;
    expect(thrownBy(() => lock.tryRead())).toMatchObject(HELD);
    expect(thrownBy(() => lock.tryWrite())).toMatchObject(HELD);
    drop(writer);
    using reader = lock.tryRead();
    expect(reader.value).toBe(1515);
  });

  test("tryRead does not pass by a writer that waits", function* (form) {
    const lock = form.rwLock(0);
    const reader = lock.tryRead();
    const writer = waiting(lock.write());
    expect(thrownBy(() => lock.tryRead())).toMatchObject(HELD);
    writer.drop();
    drop(lock.tryRead(), reader);
  });

  test("downgrade", function* (form) {
    const lock = form.rwLock(0);
    const writer = yield* lock.write();
    writer.value = 1;
    const reader = waiting(lock.read());
    const nextWriter = waiting(lock.write());
    const kept = writer.downgrade();
    yield* form.settle();
    // The reader was first in the line; the writer behind it has to wait for both.
    expect([reader.isWoken, nextWriter.isWoken]).toEqual([true, false]);
    const guard = reader.poll() as ReadGuard<number>;
    expect([kept.value, guard.value]).toEqual([1, 1]);
    expect(thrownBy(() => writer.value)).toMatchObject(RELEASED);
    drop(writer);
    drop(guard);
    yield* form.settle();
    expect(nextWriter.isWoken).toBe(false);
    drop(kept);
    yield* form.settle();
    expect(nextWriter.isWoken).toBe(true);
    drop(nextWriter.poll() as Disposable);
  });

  test("downgrade_map", function* (form) {
    const lock = form.rwLock({ first: 1, second: 2 });
    const part = lock
      .tryWrite()
      .downgrade()
      .map(({ second }) => second);
    expect(part.value).toBe(2);
    expect(guarded(lock.tryRead())).toEqual({ first: 1, second: 2 });
    const writer = waiting(lock.write());
    part.release();
    yield* form.settle();
    expect(writer.isWoken).toBe(true);
    drop(writer.poll() as Disposable);
  });

  test("downgrade is atomic: no writer comes in between", function* (form) {
    const lock = form.rwLock("before");
    const writer = yield* lock.write();
    const other = waiting(lock.write());
    writer.value = "after";
    const kept = writer.downgrade();
    yield* form.settle();
    expect(other.isWoken).toBe(false);
    expect(kept.value).toBe("after");
    drop(kept);
    const guard = other.poll() as WriteGuard<string>;
    expect(guard.value).toBe("after");
    drop(guard);
  });

  test("concurrent_read_write: in the order of first polls", function* (form) {
    const lock = form.rwLock(0);
    const holder = readyNow(lock.write());
    const log: string[] = [];
    const waits = ["r1", "r2", "w1", "r3", "w2", "r4"].map(
      (name) =>
        [name, waiting<Disposable>(name.startsWith("r") ? lock.read() : lock.write())] as const,
    );
    const held = new Map<string, Disposable>();
    drop(holder);
    for (let round = 0; round < 10; round++) {
      yield* form.settle();
      const woken = waits.filter(([name, wait]) => wait.isWoken && !log.includes(name));
      if (woken.length === 0) break;
      for (const [name, wait] of woken) {
        log.push(name);
        held.set(name, wait.poll() as Disposable);
      }
      log.push("|");
      drop(...held.values());
      held.clear();
    }
    expect(log.join(" ")).toBe("r1 r2 | w1 | r3 | w2 | r4 |");
  });

  test("a waiter that leaves lets in those behind it", function* (form) {
    const lock = form.rwLock(0);
    const holder = readyNow(lock.write());
    const first = waiting(lock.write());
    const readers = upTo(3).map(() => waiting(lock.read()));
    first.drop();
    drop(holder);
    yield* form.settle();
    expect(readers.map((reader) => reader.isWoken)).toEqual([true, true, true]);
    // Handed the lock, and gone before they looked.
    for (const reader of readers) reader.drop();
    drop(lock.tryWrite());
  });

  test("a writer that was served and leaves", function* (form) {
    const lock = form.rwLock(0);
    const holder = readyNow(lock.read());
    const writer = waiting(lock.write());
    const reader = waiting(lock.read());
    drop(holder);
    yield* form.settle();
    expect([writer.isWoken, reader.isWoken]).toEqual([true, false]);
    writer.drop();
    yield* form.settle();
    expect(reader.isWoken).toBe(true);
    drop(reader.poll() as Disposable);
  });

  test("the waker of the last poll counts", function* (form) {
    const lock = form.rwLock(0);
    for (const make of [() => lock.read(), () => lock.write()]) {
      const holder = readyNow(lock.write());
      const future = make();
      const before = waiting<Disposable>(future);
      const after = waiting<Disposable>(future);
      drop(holder);
      yield* form.settle();
      expect([before.isWoken, after.isWoken]).toEqual([false, true]);
      drop(after.poll() as Disposable);
    }
  });

  test("polled after completion", function* (form) {
    const lock = form.rwLock(0);
    for (const future of [lock.read(), lock.write()]) {
      const guard = readyNow<Disposable>(future);
      expect(failing(future)).toMatchObject({ name: "PolledAfterCompletionError" });
      drop(future);
      expect(thrownBy(() => lock.tryWrite())).toMatchObject(HELD);
      drop(guard);
    }
    drop(lock.tryWrite());
  });

  test("guards after their release refuse; releasing twice is harmless", function* (form) {
    const lock = form.rwLock(5);
    const reader = lock.tryRead();
    reader.release();
    drop(reader);
    reader.release();
    expect(thrownBy(() => reader.value)).toMatchObject(RELEASED);
    expect(thrownBy(() => reader.value).message).toMatch(/^a (Shared)?ReadGuard /);
    const writer = lock.tryWrite();
    writer.release();
    drop(writer);
    expect(thrownBy(() => writer.value)).toMatchObject(RELEASED);
    expect(thrownBy(() => writer.value).message).toMatch(/^a (Shared)?WriteGuard /);
    expect(thrownBy(() => writer.downgrade())).toMatchObject(RELEASED);
    const other = lock.tryWrite();
    drop(reader, writer);
    expect(thrownBy(() => lock.tryRead())).toMatchObject(HELD);
    drop(other);
  });

  test("map", function* (form) {
    const lock = form.rwLock({ a: { b: 1 } });
    const part = lock.tryRead().map((value) => value.a);
    expect(part.value).toEqual({ b: 1 });
    expect(thrownBy(() => lock.tryWrite())).toMatchObject(HELD);
    drop(part, part);
    const own = lock.tryWrite().map((value) => value.a);
    expect(own.value).toEqual({ b: 1 });
    expect(thrownBy(() => lock.tryRead())).toMatchObject(HELD);
    drop(own);
    drop(lock.tryWrite());
  });

  test("what a writer changes in place is kept", function* (form) {
    const lock = form.rwLock({ list: [1] });
    {
      using guard = yield* lock.write();
      guard.value.list.push(2);
    }
    using guard = yield* lock.read();
    expect(guard.value).toEqual({ list: [1, 2] });
  });

  test("what a writer changed in place is there after a downgrade", function* (form) {
    const lock = form.rwLock({ n: 0 });
    const writer = yield* lock.write();
    writer.value.n = 7;
    using kept = writer.downgrade();
    expect(kept.value).toEqual({ n: 7 });
    using other = lock.tryRead();
    expect(other.value).toEqual({ n: 7 });
  });

  test("withRead, withWrite", function* (form) {
    const lock = form.rwLock({ n: 1 });
    expect(
      yield* lock.withWrite((value) => {
        value.n += 1;
        expect(thrownBy(() => lock.tryRead())).toMatchObject(HELD);
        return "written";
      }),
    ).toBe("written");
    const read = yield* lock.withRead(function* (value) {
      const other = lock.tryRead();
      expect(thrownBy(() => lock.tryWrite())).toMatchObject(HELD);
      yield* yieldNow();
      drop(other);
      return value.n;
    });
    expect(read).toBe(2);
    const failed = yield* spawn(function* () {
      try {
        yield* lock.withWrite(() => {
          throw new Error("thrown inside");
        });
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(failed).toBe("thrown inside");
    drop(lock.tryWrite());
  });

  test("aborted holders release, aborted waiters leave the line", function* (form) {
    const lock = form.rwLock(0);
    const holders = upTo(2).map(() =>
      spawn(function* () {
        using _guard = yield* lock.read();
        yield* sleep(100_000);
      }),
    );
    yield* yieldNow();
    yield* yieldNow();
    const waiter = spawn(function* () {
      using _guard = yield* lock.write();
      yield* sleep(100_000);
    });
    yield* yieldNow();
    waiter.abort();
    for (const holder of holders) holder.abort();
    {
      using guard = yield* lock.write();
      expect(guard.value).toBe(0);
    }
    while (![...holders, waiter].every((task) => task.isFinished())) yield* yieldNow();
  });

  test(
    "is cooperative",
    function* (form) {
      const lock = form.rwLock(0);
      yield* yieldNow();
      let given = 0;
      for (; given < 1_000; given++) {
        const future = new Polled<Disposable>(given % 2 === 0 ? lock.read() : lock.write());
        const guard = future.poll();
        future.drop();
        if (guard === Pending) break;
        drop(guard);
      }
      expect(given).toBe(128);
      drop(lock.tryWrite());
    },
    { budgeted: true },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("multithreaded: readers see whole values, in order", function* (form) {
    const lock = form.rwLock({ a: 0, b: 0 });
    const writers = upTo(2).map(() => spawn(partners.writes, lock, 60));
    const readers = upTo(2).map(() => spawn(partners.reads, lock, 60));
    yield* partners.writes(lock, 30);
    yield* partners.reads(lock, 30);
    for (const task of [...writers, ...readers]) yield* task;
    expect(guarded(lock.tryRead())).toEqual({ a: 150, b: 150 });
  });

  test.partnered("a writer of another thread keeps out who comes after it", function* (form) {
    const lock = form.rwLock({ a: 0, b: 0 });
    const guard = lock.tryRead();
    const writer = spawn(partners.writes, lock, 1);
    // Once it stands in the line, no reader passes it.
    for (let waits = false; !waits; ) {
      try {
        lock.tryRead().release();
        yield* yieldNow();
      } catch {
        waits = true;
      }
    }
    expect(guard.value).toEqual({ a: 0, b: 0 });
    guard.release();
    const next = yield* lock.read();
    expect(next.value).toEqual({ a: 1, b: 1 });
    next.release();
    yield* writer;
  });

  test.partnered("a writer of another thread that goes on as a reader", function* (form) {
    const lock = form.rwLock(0);
    const [written, done] = [form.notify(), form.notify()];
    const partner = spawn(partners.downgrades, lock, 7, written, done);
    yield* written.notified();
    expect(guarded(lock.tryRead())).toBe(7);
    expect(thrownBy(() => lock.tryWrite())).toMatchObject({ name: "TryLockError" });
    done.notifyOne();
    expect(yield* partner).toBe(7);
    lock.tryWrite().release();
  });

  test.partnered("a writer of another thread that is aborted lets all in", function* (form) {
    const lock = form.rwLock(1);
    const started = form.notify();
    const partner = spawn(partners.keepsWriting, lock, started);
    yield* started.notified();
    const readers = upTo(3).map(() => waiting(lock.read()));
    partner.abort();
    while (!partner.isFinished()) yield* yieldNow();
    for (const reader of readers) {
      while (!reader.isWoken) yield* yieldNow();
      expect(guarded(reader.poll() as ReadGuard<number>)).toBe(1);
    }
  });

  test.absent("into_inner", "values belong to the collector");
  test.absent("zero_max_readers_const", "there is no const");
  test.absent("try_downgrade_map", "there is no tryDowngradeMap");
});
