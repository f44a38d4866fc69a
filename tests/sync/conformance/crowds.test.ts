// Many who wait at one object: the shared core wakes 32 at a time and lets go of the lock in between; and who leaves the line costs
// the same wherever it stands.

import type { Future } from "tokiwa";
import { expect } from "vitest";
import type { Form } from "./contract.js";
import { drop, failing, type Polled, readyNow, upTo, waiting } from "./hand.js";
import { type Cases, conformance } from "./worlds.js";

/** Many times as many as are woken with the lock held, and no multiple: what is gathered beyond that overwrites the record. */
const CROWD = 3_001;
const MANY = 100_000;

/** Many that wait, and what ends it for all of them. */
interface Gathering {
  wait(): Future<unknown>;
  end(): void;
  /** What each fails with, if it does. */
  readonly error?: string;
}

const GATHERINGS: Record<string, (form: Form) => Gathering> = {
  "a semaphore is closed": (form) => {
    const semaphore = form.semaphore(1);
    return {
      // None is ready, and the first has been given a part of what it wants.
      wait: () => semaphore.acquire(2),
      end: () => {
        semaphore.close();
        expect(semaphore.availablePermits()).toBe(1);
      },
      error: "AcquireError",
    };
  },
  "permits come": (form) => {
    const semaphore = form.semaphore(0);
    return { wait: () => semaphore.acquire(), end: () => semaphore.addPermits(CROWD) };
  },
  "a writer goes, and readers come": (form) => {
    const lock = form.rwLock(0);
    const writer = lock.tryWrite();
    return { wait: () => lock.read(), end: () => writer.release() };
  },
  "the receiver of a full channel closes": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    tx.trySend(0);
    return { wait: () => tx.send(1), end: () => rx.close(), error: "SendError" };
  },
  "the receiver of a full channel is dropped": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    tx.trySend(0);
    return { wait: () => tx.reserve(), end: () => drop(rx), error: "SendError" };
  },
  "closed(): the receiver is dropped": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    return { wait: () => tx.closed(), end: () => drop(rx) };
  },
  notifyWaiters: (form) => {
    const notify = form.notify();
    return { wait: () => notify.notified(), end: () => notify.notifyWaiters() };
  },
  "a watch changes": (form) => {
    const [tx, rx] = form.watch(0);
    return { wait: () => rx.clone().changed(), end: () => tx.send(1) };
  },
  "a watch ends": (form) => {
    const [tx, rx] = form.watch(0);
    return { wait: () => rx.clone().changed(), end: () => drop(tx), error: "RecvError" };
  },
  "a broadcast": (form) => {
    const [tx] = form.broadcast<number>(1);
    return { wait: () => tx.subscribe().recv(), end: () => tx.send(1) };
  },
  "a broadcast ends": (form) => {
    const [tx] = form.broadcast<number>(1);
    return { wait: () => tx.subscribe().recv(), end: () => drop(tx), error: "RecvError" };
  },
  "a SetOnce is set": (form) => {
    const cell = form.setOnce<number>();
    return { wait: () => cell.wait(), end: () => cell.set(1) };
  },
  "the last comes to a barrier": (form) => {
    const barrier = form.barrier(CROWD + 1);
    return {
      wait: () => barrier.wait(),
      end: () => expect(readyNow(barrier.wait()).isLeader).toBe(true),
    };
  },
};

/** A line of so many, of which some give up: waits, and who of them leaves in which order. */
const LINES: Record<string, (form: Form) => { wait(): Future<unknown>; serve(): void }> = {
  semaphore: (form) => {
    const semaphore = form.semaphore(0);
    return { wait: () => semaphore.acquire(), serve: () => semaphore.addPermits(1) };
  },
  mutex: (form) => {
    const mutex = form.mutex(0);
    const guard = mutex.tryLock();
    return { wait: () => mutex.lock(), serve: () => guard.release() };
  },
  "mpsc.send": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    tx.trySend(0);
    return { wait: () => tx.send(1), serve: () => expect(rx.tryRecv()).toBe(0) };
  },
  notify: (form) => {
    const notify = form.notify();
    return { wait: () => notify.notified(), serve: () => notify.notifyOne() };
  },
  "SetOnce (who listens)": (form) => {
    const cell = form.setOnce<number>();
    return { wait: () => cell.wait(), serve: () => cell.set(1) };
  },
};

function giveUp(result: unknown): void {
  (result as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
}

function crowds(test: Cases): void {
  for (const [name, gather] of Object.entries(GATHERINGS))
    test(`${CROWD} wait, each is woken once: ${name}`, function* (form) {
      const gathering = gather(form);
      const line = upTo(CROWD).map(() => waiting(gathering.wait()));
      gathering.end();
      yield* form.settle();
      expect(line.map(({ wakes }) => wakes)).toEqual(line.map(() => 1));
      for (const { future } of line) {
        if (gathering.error === undefined) giveUp(readyNow(future));
        else expect(failing(future).name).toBe(gathering.error);
      }
    });

  // Quadratic, it takes minutes: every step from either end is one of a hundred thousand.
  for (const [name, make] of Object.entries(LINES))
    test(`${MANY} wait, all but the first and the last leave, from the middle: ${name}`, function* (form) {
      const { wait, serve } = make(form);
      const line = upTo(MANY).map(() => waiting(wait()));
      const first = line[0] as Polled<unknown>;
      const half = MANY / 2;
      for (const each of line.slice(half, -1)) each.drop();
      for (const each of line.slice(1, half)) each.drop();
      serve();
      yield* form.settle();
      expect(first.isWoken).toBe(true);
      first.drop();
      line.at(-1)?.drop();
    });
}

conformance(crowds);
