// Permits of a shared channel: claims that hold room (guards.ts).
//
// P1  What a permit sends goes into room that is there, so it neither waits nor fails for want of it, even after the receiver has closed.
// P2  A permit that is disposed, or lost, gives its room back. The channel does not end while one is out.

import { SharedMemoryFullError, usedPermit } from "../../errors.js";
import { SENT } from "../core.js";
import { SharedGuard } from "../guards.js";
import { assertWhole, claimed } from "../handle.js";
import type { SharedHome } from "../home.js";

/** Turns a permit of a claim into the value that has just been written. */
export function fulfil(home: SharedHome, claim: number): void {
  if (home.core.fulfil(claim, home.outcome, home.number) !== SENT) {
    home.discard();
    throw new SharedMemoryFullError();
  }
  try {
    // A value that nobody will receive is dropped without a word; of an object that is broken nobody knows that.
    assertWhole(home, home.core.objectOf(claim));
  } finally {
    // Last: wakers that are called there may give the permit up.
    home.settle();
  }
}

/** Room for one value, held until it is used or disposed. */
export class SharedPermit<T> extends SharedGuard {
  /** @internal What to write instead when somebody tries to send it to another thread. */
  override get "~instead"(): string {
    return "use it here, and send the value";
  }

  /** @internal */
  constructor(home: SharedHome, claim: number, site: string | undefined, name = "Permit") {
    super(home, claim, name, site);
  }

  /**
   * Sends without waiting, even if the receiver has closed.
   *
   * @throws {ClosedHandleError} when used twice. @throws {SendError} when the value cannot be sent: the permit is still to be used then.
   */
  send(value: T): void {
    this.assertUnused();
    this.home.assertAlive();
    this.home.write(value, "value");
    // Encoding runs the program's code, which may have used the permit.
    if (!this.isHeld()) this.home.discard();
    this.assertUnused();
    fulfil(this.home, this.held());
    this.giveBack();
  }

  private assertUnused(): void {
    if (!this.isHeld()) throw usedPermit("a permit");
  }
}

/** Room for several values. Disposing gives back the room of those not taken, and so does leaving a `for … of` over it early. */
export class SharedPermits<T> extends SharedGuard implements Iterable<SharedPermit<T>> {
  /** @internal What to write instead when somebody tries to send it to another thread. */
  override get "~instead"(): string {
    return "use them here, and send the values";
  }

  /** @internal */
  constructor(home: SharedHome, claim: number, site: string | undefined) {
    super(home, claim, "Permits", site);
    if (home.core.heldPermits(claim) === 0) this.giveBack();
  }

  /** Permits not yet taken. */
  len(): number {
    return this.isHeld() ? this.home.core.heldPermits(this.held()) : 0;
  }

  /** Takes a permit, or undefined when none is left. */
  take(): SharedPermit<T> | undefined {
    const left = this.len();
    if (left === 0) return undefined;
    const site = this.siteTaken();
    if (left === 1) return new SharedPermit(this.home, this.surrender(), site);
    return new SharedPermit(this.home, claimed(this.home.core.splitPermits(this.held(), 1)), site);
  }

  /** Takes all of them one by one; what was not taken when the loop ends is given back. */
  *[Symbol.iterator](): Generator<SharedPermit<T>, void, void> {
    try {
      for (let permit = this.take(); permit; permit = this.take()) yield permit;
    } finally {
      this[Symbol.dispose]();
    }
  }
}
