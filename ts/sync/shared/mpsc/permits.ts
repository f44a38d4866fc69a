// Permits of a shared channel: claims that hold room (guards.ts).
//
// P1  What a permit sends goes into room that is there, so it neither waits nor fails for want of it, even after the receiver has closed.
// P2  A permit that is disposed, or lost, gives its room back. The channel does not end while one is out.

import { ClosedHandleError, SharedMemoryFullError } from "../../errors.js";
import { SENT } from "../core.js";
import { SharedGuard } from "../guards.js";
import { claimed } from "../handle.js";
import type { SharedHome } from "../home.js";

/** Turns a permit of a claim into a value. */
export function fulfil(home: SharedHome, claim: number, value: unknown): void {
  home.write(value, "the value");
  if (home.core.fulfil(claim, home.outcome, home.number) !== SENT) {
    home.discard();
    throw new SharedMemoryFullError();
  }
  home.settle();
}

/** Room for one value, held until it is used or disposed. */
export class SharedPermit<T> extends SharedGuard {
  /** @internal */
  constructor(home: SharedHome, claim: number) {
    super(home, claim, "Permit", undefined);
  }

  /** Sends without waiting, even if the receiver has closed. @throws {SendError} when the value cannot be sent. */
  send(value: T): void {
    if (!this.isHeld()) throw new ClosedHandleError("a permit");
    const claim = this.held();
    fulfil(this.home, claim, value);
    this.release();
  }
}

/** Room for several values. Disposing gives back the room of those not taken. */
export class SharedPermits<T> extends SharedGuard implements Iterable<SharedPermit<T>> {
  /** @internal */
  constructor(home: SharedHome, claim: number) {
    super(home, claim, "Permits", undefined);
    if (home.core.heldPermits(claim) === 0) this.release();
  }

  /** Permits not yet taken. */
  len(): number {
    return this.isHeld() ? this.home.core.heldPermits(this.held()) : 0;
  }

  /** Takes a permit, or undefined when none is left. */
  take(): SharedPermit<T> | undefined {
    const left = this.len();
    if (left === 0) return undefined;
    if (left === 1) return new SharedPermit(this.home, this.surrender());
    return new SharedPermit(this.home, claimed(this.home.core.splitPermits(this.held(), 1)));
  }

  *[Symbol.iterator](): Generator<SharedPermit<T>, void, void> {
    for (let permit = this.take(); permit; permit = this.take()) yield permit;
  }
}
