// Waiting for room in a shared channel, and sending into it.
//
// W1  A value is written before its room is taken: one that found no room, or no receiver, is given back (home.ts, O2).
//     What is in a value that was refused stays its owner's: a handle moves with the sending (handle.ts, H2). A send that is dropped
//     unsent drops its value, as a plain one does: what is owned of it is disposed.
// W2  Who waits holds a place in the channel's line of permits. What is granted is a permit of the claim that waited, which a send
//     fulfils and drops, and everybody else gets as the permit that they asked for.
// W3  Values that a receiver of this thread has used and not said so (lease.ts) may be all that is in the way: they leave the queue
//     before a send finds no room.

import {
  type Context,
  dropOwned,
  Pending,
  type Poll,
  proceed,
  requireContext,
  type Suspension,
  suspend,
} from "../../../future/index.js";
import { SendError, SharedMemoryFullError } from "../../errors.js";
import { FULL, GONE, SENT } from "../core.js";
import { assertWhole } from "../handle.js";
import type { SharedHome } from "../home.js";
import { Acquiring, type Place } from "../waits.js";
import { fulfil, SharedPermit, SharedPermits } from "./permits.js";

/** Sends what has just been written, into room that is free: SENT, FULL or GONE. @throws {SharedMemoryFullError} */
export function sendWritten(home: SharedHome, object: number): number {
  let answer = home.core.send(object, home.outcome, home.number);
  if (answer === FULL && home.leases.size > 0) {
    home.settleLeases();
    answer = home.core.send(object, home.outcome, home.number);
  }
  if (answer !== SENT) home.discard();
  home.settle();
  if (answer > GONE) throw new SharedMemoryFullError();
  if (answer === GONE) assertWhole(home, object);
  return answer;
}

export class Send<T> extends Acquiring<void> {
  private readonly value: T;

  constructor(place: Place, value: T) {
    super(place, 1);
    this.value = value;
  }

  protected override what(): string {
    return "mpsc.send()";
  }

  override poll(cx: Context): Poll<void> {
    let failed = true;
    try {
      const sent = this.claim !== 0 || this.done ? super.poll(cx) : this.start(cx);
      failed = false;
      return sent;
    } finally {
      // Its value is not dropped with it then: it may have come back with the error.
      if (failed) this.done = true;
    }
  }

  /** The common case has room that nobody waits for: one step, without a permit in between. */
  private start(cx: Context): Poll<void> {
    this.assertPollable();
    if (!proceed(cx)) return Pending;
    const object = this.place.written(this.value, "value");
    if (this.done) return this.droppedMeanwhile();
    const answer = sendWritten(this.home, object);
    if (answer === FULL) return super.poll(cx);
    this.end();
    if (answer === GONE) this.closed();
  }

  /** By the program's code, in the middle of being written. */
  private droppedMeanwhile(): typeof Pending {
    this.home.discard();
    this.home.settle();
    return Pending;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, void> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(claim: number): void {
    try {
      this.home.assertAlive();
      this.home.write(this.value, "value");
      fulfil(this.home, claim);
    } finally {
      this.home.core.dropClaim(claim);
    }
  }

  protected override closed(): never {
    throw new SendError(this.value);
  }

  override [Symbol.dispose](): void {
    const isUnsent = !this.done;
    super[Symbol.dispose]();
    if (isUnsent) dropOwned(this.value);
  }
}

export class Reserve<T> extends Acquiring<SharedPermit<T>> {
  private readonly site: string | undefined;

  /** @param site where it was called, see `siteOf`. */
  constructor(place: Place, wanted: number, site: string | undefined) {
    super(place, wanted);
    this.site = site;
  }

  protected override what(): string {
    return "mpsc.reserve()";
  }
  protected override acquired(claim: number): SharedPermit<T> {
    return new SharedPermit(this.home, claim, this.site);
  }
  protected override closed(): never {
    throw new SendError(undefined);
  }
}

export class ReserveMany<T> extends Acquiring<SharedPermits<T>> {
  private readonly site: string | undefined;

  /** @param site where it was called, see `siteOf`. */
  constructor(place: Place, wanted: number, site: string | undefined) {
    super(place, wanted);
    this.site = site;
  }

  protected override what(): string {
    return "mpsc.reserveMany()";
  }
  protected override acquired(claim: number): SharedPermits<T> {
    return new SharedPermits(this.home, claim, this.site);
  }
  protected override closed(): never {
    throw new SendError(undefined);
  }
}
