// A look that finds nothing costs nothing of a task's budget: who looks at many things before one is there gets that one.

import { type Future, Pending, pollFn } from "tokiwa";
import { expect } from "vitest";
import type { Form } from "./contract.js";
import { drop } from "./hand.js";
import { type Cases, conformance } from "./worlds.js";

/** More than a task may have in one poll. */
const LOOKS = 300;

/** What is not there yet, and what has to be held meanwhile. */
type Made = readonly [wait: () => Future<unknown>, held: readonly unknown[]];

const WAITS: Record<string, (form: Form) => Made> = {
  "mpsc.recv": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    return [() => rx.recv(), [tx, rx]];
  },
  "mpsc.recvMany": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    return [() => rx.recvMany(2), [tx, rx]];
  },
  "mpsc.send": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    tx.trySend(0);
    return [() => tx.reserve(), [tx, rx]];
  },
  "mpsc.closed": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    return [() => tx.closed(), [tx, rx]];
  },
  oneshot: (form) => {
    const [tx, rx] = form.oneshot<number>();
    return [() => rx, [tx]];
  },
  "broadcast.recv": (form) => {
    const [tx, rx] = form.broadcast<number>(1);
    return [() => rx.recv(), [tx, rx]];
  },
  "watch.changed": (form) => {
    const [tx, rx] = form.watch(0);
    return [() => rx.changed(), [tx, rx]];
  },
  "watch.waitFor": (form) => {
    const [tx, rx] = form.watch(0);
    return [() => rx.waitFor((value) => value > 0), [tx, rx]];
  },
  "Mutex.lock": (form) => {
    const mutex = form.mutex(0);
    return [() => mutex.lock(), [mutex.tryLock()]];
  },
  "RwLock.read": (form) => {
    const lock = form.rwLock(0);
    return [() => lock.read(), [lock.tryWrite()]];
  },
  "Semaphore.acquire": (form) => {
    const semaphore = form.semaphore(0);
    return [() => semaphore.acquire(), []];
  },
  "Notify.notified": (form) => {
    const notify = form.notify();
    return [() => notify.notified(), []];
  },
  "Barrier.wait": (form) => {
    const barrier = form.barrier(LOOKS + 2);
    return [() => barrier.wait(), []];
  },
  "SetOnce.wait": (form) => {
    const cell = form.setOnce<number>();
    return [() => cell.wait(), []];
  },
};

function looks(test: Cases): void {
  test(
    "there is a budget",
    function* (form) {
      const semaphore = form.semaphore(1);
      let given = 0;
      yield* pollFn((cx) => {
        for (; given < LOOKS; given++) {
          const acquire = semaphore.acquire();
          const permit = acquire.poll(cx);
          drop(acquire);
          if (permit === Pending) return;
          permit.release();
        }
      });
      expect(given).toBeLessThan(LOOKS);
    },
    { budgeted: true },
  );

  for (const [name, make] of Object.entries(WAITS))
    test(
      `${LOOKS} looks that find nothing cost nothing: ${name}`,
      function* (form) {
        const [wait, held] = make(form);
        const semaphore = form.semaphore(1);
        yield* pollFn((cx) => {
          const waited = wait();
          for (let look = 0; look < LOOKS; look++) expect(waited.poll(cx)).toBe(Pending);
          drop(waited);
          const acquire = semaphore.acquire();
          const permit = acquire.poll(cx);
          expect(permit).not.toBe(Pending);
          drop(permit as Disposable);
        });
        drop(...(held as Disposable[]));
      },
      { budgeted: true },
    );
}

conformance(looks);
