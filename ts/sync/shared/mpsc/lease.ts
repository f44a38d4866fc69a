// What a receiver has taken note of without taking it: many values under one lock (assembly/core/shared/channel.ts, lease).
//
// L1  Values of a lease are in the queue still, and count as queued, until the core is told how many have been used: those leave the
//     queue then, and only those. It is told after each `MOST_UNTOLD`, by the next `renew`, and by `settle`; so that is how many more
//     others may count, whatever the receiver's task does.
// L2  Who forgets a lease is the receiver's thread, in `settle`: before the receiver is closed, sent or disposed, before anybody on this
//     thread asks for lengths or room, before values are taken past the lease, before the thread blocks in place, and at the driver's
//     turn. What was not used is looked at again.
// L3  Only the one receiver takes from the queue, so nobody else can take what a lease has noted. A receiver that is lost, or whose
//     thread dies, leaves them queued.
// L4  Values in blocks are not leased: a lease holds numbers and undefined alone, which need no giving back.

import type { Leaseholder, SharedHome } from "../home.js";

/** A guess: shorter leases mean that the receiver is the faster one. */
const LONG = 32;
/** Measured: fewer take the object from the sender more often, more are no gain. A turn with nothing to do is 0.4 microseconds. */
const PAUSES = 3;
const PATIENCE = 3;
/** A quarter of a lease. Each telling takes the object from the sender for a moment. */
const MOST_UNTOLD = 16;

/** The receiver whose lease it is. */
export interface LeasingReceiver {
  readonly home: SharedHome;
  /** Its object's address. @throws as SharedHandle.object */
  readonly object: number;
  /** The same for clearing up: 0 once the receiver is given up. */
  reachable(): number;
}

export class Lease<T> implements Leaseholder {
  private readonly receiver: LeasingReceiver;
  /** Other threads share the memory, and the last look found a value. */
  private isHot = false;
  /** Values of the queue that have been taken note of, of which `at` is the next and `end` behind the last. */
  private readonly values: T[] = [];
  private at = 0;
  private end = 0;
  /** How many of them have been used since the core was told. */
  private used = 0;
  /** Turns to let go by before the next look. */
  private pauses = 0;
  /** How often it may pause again before it joins the line. */
  private patience = 0;

  constructor(receiver: LeasingReceiver) {
    this.receiver = receiver;
  }

  /**
   * Whether to look a little later: the last lease was short, so the values that come fast from another thread are used faster than
   * they come. Looking at once, and each wait, would take the object away from the sender for longer than a message takes it.
   */
  isAhead(): boolean {
    if (this.pauses > 0) {
      this.pauses -= 1;
      return true;
    }
    const usedUp = this.end > 0 && this.at === this.end;
    if (!usedUp || this.end >= LONG) return false;
    this.settle();
    this.pause();
    return true;
  }

  /** This turn is the first of the pause. */
  private pause(): void {
    this.pauses = PAUSES - 1;
  }

  /** Whether to pause once more, although the last look found nothing. */
  isPatient(): boolean {
    if (!this.isHot || this.patience === 0) {
      this.isHot = false;
      return false;
    }
    this.patience -= 1;
    this.pause();
    return true;
  }

  hasNext(): boolean {
    return this.at < this.end;
  }

  /** A look into the queue found a value. @param isBlock blocks are not leased. */
  found(isBlock: boolean): void {
    this.isHot = !isBlock && this.receiver.home.isShared();
  }

  takeLeased(): T {
    const value = this.values[this.at] as T;
    if (this.used === 0) this.receiver.home.leases.add(this);
    this.at += 1;
    this.used += 1;
    if (this.used === MOST_UNTOLD) this.tell();
    return value;
  }

  /** What was used leaves the queue. Whoever is woken by that hears of it with this thread's next `settle`. */
  private tell(): void {
    const { receiver, used } = this;
    this.used = 0;
    receiver.home.leases.delete(this);
    receiver.home.core.receiveUsed(receiver.reachable(), used);
  }

  /** Takes note of what is queued, if values come fast and many are there; whether they are. */
  renew(): boolean {
    if (!this.isHot) return false;
    const { home, object } = this.receiver;
    const count = home.core.lease(object, this.used);
    this.used = 0;
    home.leases.delete(this);
    this.at = 0;
    this.end = count;
    // Plain values can all be read (L4).
    home.readBatch(count, this.values, 0);
    if (count > 0) this.patience = PATIENCE;
    home.settle();
    // Wakers that were called there may have had it forgotten (L2), or taken from it.
    return this.hasNext();
  }

  /** What was used leaves the queue, and the rest of the lease is forgotten: it is there still. */
  settle(): void {
    const { receiver, used } = this;
    this.used = 0;
    this.at = 0;
    this.end = 0;
    const object = receiver.reachable();
    if (used === 0 || object === 0) return;
    receiver.home.core.receiveUsed(object, used);
    receiver.home.settle();
  }
}
