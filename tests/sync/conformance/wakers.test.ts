// A waker is let go with the future that left it, whether that ends or is dropped, and when it leaves another: nothing else is to
// know of it any more. Wakers that are no tasks of the memory are known by a name to their thread in the shared form.

import { type Future, fromPromise, Pending, Waker } from "tokiwa";
import { expect } from "vitest";
import { untilCollected } from "../../support/tasks.js";
import type { Form } from "./contract.js";
import { drop } from "./hand.js";
import { type Cases, conformance } from "./worlds.js";

interface Waits {
  wait(): Future<unknown>;
  /** What ends the wait. */
  end(): void;
  /** What the waits are at: whatever was left there is left for as long. */
  readonly at: readonly unknown[];
}

const WAITS: Record<string, (form: Form) => Waits> = {
  "Semaphore.acquire": (form) => {
    const semaphore = form.semaphore(0);
    return { wait: () => semaphore.acquire(), end: () => semaphore.addPermits(1), at: [semaphore] };
  },
  "mpsc.recv": (form) => {
    const [tx, rx] = form.mpsc<number>(2);
    return { wait: () => rx.recv(), end: () => tx.trySend(1), at: [tx, rx] };
  },
  "mpsc.reserve": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    tx.trySend(0);
    return { wait: () => tx.reserve(), end: () => rx.tryRecv(), at: [tx, rx] };
  },
  "mpsc.closed": (form) => {
    const [tx, rx] = form.mpsc<number>(1);
    return { wait: () => tx.closed(), end: () => rx.close(), at: [tx, rx] };
  },
  "broadcast.recv": (form) => {
    const [tx, rx] = form.broadcast<number>(1);
    return { wait: () => rx.recv(), end: () => tx.send(1), at: [tx, rx] };
  },
  "watch.changed": (form) => {
    const [tx, rx] = form.watch(0);
    return { wait: () => rx.changed(), end: () => tx.send(1), at: [tx, rx] };
  },
  "Notify.notified": (form) => {
    const notify = form.notify();
    return { wait: () => notify.notified(), end: () => notify.notifyOne(), at: [notify] };
  },
  "SetOnce.wait": (form) => {
    const cell = form.setOnce<number>();
    return { wait: () => cell.wait(), end: () => cell.set(1), at: [cell] };
  },
};

/** Polls with a waker that nobody else has; a trace of it. */
function pollOnce(future: Future<unknown>): WeakRef<Waker> {
  const waker = Waker.from(() => {});
  expect(future.poll({ waker })).toBe(Pending);
  return new WeakRef(waker);
}

/** Leaves wakers in every way, and what ended before with them. */
function leaveAll(waits: Waits): WeakRef<Waker>[] {
  const dropped = waits.wait();
  const left = [pollOnce(dropped), pollOnce(dropped)];
  drop(dropped);
  const ended = waits.wait();
  left.push(pollOnce(ended));
  waits.end();
  const value = ended.poll({ waker: Waker.noop() });
  expect(value).not.toBe(Pending);
  (value as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
  return left;
}

function wakers(test: Cases): void {
  test(
    "nothing knows a waker whose future has ended",
    function* (form) {
      const all = Object.entries(WAITS).map(([name, make]) => ({ name, waits: make(form) }));
      const left = all.map(({ name, waits }) => ({ name, wakers: leaveAll(waits) }));
      yield* form.settle();
      for (const { name, wakers } of left)
        yield* fromPromise(
          untilCollected(`wakers of ${name}`, () =>
            wakers.every((each) => each.deref() === undefined),
          ),
        );
      for (const { waits } of all)
        for (const each of waits.at) (each as Partial<Disposable>)[Symbol.dispose]?.();
    },
    { onLoop: true },
  );
}

conformance(wakers);
