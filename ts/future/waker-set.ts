// Who waits for something that only says that it has changed: a socket, a listener. Each future has one place, so one that
// goes away takes its own waker along and nobody else's, though both may be of one task.

import { forgetEntry, isWatched, noteEntry } from "./census.js";
import { Future } from "./future.js";
import type { Waker } from "./waker.js";

/** Wakers by the future that left them. One is the rule, so the first has no map. */
export class WakerSet {
  private first: object | undefined;
  private firstWaker: Waker | undefined;
  private others: Map<object, Waker> | undefined;

  set(future: object, waker: Waker): void {
    // What is polled by a method and is no future has one place for good, whoever polled last.
    if (isWatched() && future instanceof Future) noteEntry("waker", future);
    if (this.first === future || (this.first === undefined && !this.others?.has(future))) {
      this.first = future;
      this.firstWaker = waker;
    } else {
      this.others ??= new Map();
      this.others.set(future, waker);
    }
  }

  delete(future: object): void {
    if (isWatched()) forgetEntry("waker", future);
    if (this.first === future) this.first = this.firstWaker = undefined;
    else this.others?.delete(future);
  }

  isEmpty(): boolean {
    return this.first === undefined && (this.others === undefined || this.others.size === 0);
  }

  /** Wakes all of them; they are forgotten before the first is woken. */
  wakeAll(): void {
    if (this.first === undefined && this.others === undefined) return;
    const { firstWaker, others } = this;
    if (isWatched()) this.forgetAll();
    this.first = this.firstWaker = this.others = undefined;
    firstWaker?.wake();
    if (others !== undefined) for (const waker of others.values()) waker.wake();
  }

  private forgetAll(): void {
    if (this.first !== undefined) forgetEntry("waker", this.first);
    if (this.others !== undefined)
      for (const future of this.others.keys()) forgetEntry("waker", future);
  }
}
