// Who waits for what is said to everybody: the receivers of `broadcast` and `watch`.
//
// L1  A listener is one receiver. Several futures may wait by it; each leaves its waker and takes back its own.
// L2  `wakeAll` wakes those who wait at the call, each once: a waker that polls at once joins for the next time.
// L3  All have left the list before the first waker is called.
// L4  Joining and leaving cost O(1), however many wait.

import { type Waker, WakerSet } from "../future/index.js";
import { Link, type WaitList } from "./waiters.js";

/** A receiver, as those who wake it see it. In the list while futures may wait by it. */
export class Listener extends Link {
  private readonly wakers: WakerSet = new WakerSet();

  /** @param future by whose name the waker is left, and taken back. */
  join(list: WaitList<Listener>, future: object, waker: Waker): void {
    this.wakers.set(future, waker);
    if (!this.linked) list.push(this);
  }

  /** A future goes away. The listener stays in the list: an empty one is woken for nothing, once. */
  leave(future: object): void {
    this.wakers.delete(future);
  }

  wake(): void {
    this.wakers.wakeAll();
  }
}

/** Wakes everybody in the list (L2, L3). */
export function wakeAll(list: WaitList<Listener>): void {
  const first = list.shift();
  if (first === undefined) return;
  if (list.isEmpty()) {
    first.wake();
    return;
  }
  for (const listener of [first, ...list.takeAll()]) listener.wake();
}
