// Permits: room in a channel that somebody holds, as a loan (lost.ts): one that is lost comes back and is reported.

import { usedPermit } from "../errors.js";
import type { Loan } from "../lost.js";
import type { Channel } from "./channel.js";

/** Room for one value, held until it is used or disposed. */
export class Permit<T> implements Disposable {
  private loan: Loan<Channel<T>> | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "use it here, and send the value";
  }

  /** @internal */
  constructor(loan: Loan<Channel<T>>) {
    this.loan = loan;
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  /** Sends without waiting; never fails, even if the receiver has closed. @throws {ClosedHandleError} when used twice. */
  send(value: T): void {
    const loan = this.loan;
    if (loan === undefined) throw usedPermit("a permit");
    this.loan = undefined;
    const channel = loan.lender;
    channel.takeBack(loan);
    channel.fulfil(value);
  }

  /** Gives the room back. */
  [Symbol.dispose](): void {
    const loan = this.loan;
    this.loan = undefined;
    if (loan !== undefined) loan.lender.release(loan.lender.takeBack(loan));
  }
}

/**
 * Room for several values, as an iterator of permits. Disposing gives back the room of those not taken, and so does leaving a
 * `for … of` over it early.
 */
export class Permits<T> implements Disposable, Iterable<Permit<T>> {
  /** Undefined once none is left. */
  private loan: Loan<Channel<T>> | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "use them here, and send the values";
  }

  /** @internal */
  constructor(loan: Loan<Channel<T>> | undefined) {
    this.loan = loan;
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  /** Permits not yet taken. */
  len(): number {
    return this.loan === undefined ? 0 : this.loan.record.permits;
  }

  /** Takes a permit, or undefined when none is left. */
  take(): Permit<T> | undefined {
    const loan = this.loan;
    if (loan === undefined) return undefined;
    const { lender, record } = loan;
    if (record.permits === 1) {
      this.loan = undefined;
      return new Permit(loan);
    }
    record.permits -= 1;
    return new Permit(lender.lend(1, record.holder, record.site));
  }

  /** Takes all of them one by one; what was not taken when the loop ends is given back, as with Tokio's iterator. */
  *[Symbol.iterator](): Generator<Permit<T>, void, void> {
    try {
      for (let permit = this.take(); permit; permit = this.take()) yield permit;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Gives back the room of those not taken. */
  [Symbol.dispose](): void {
    const loan = this.loan;
    this.loan = undefined;
    if (loan !== undefined) loan.lender.release(loan.lender.takeBack(loan));
  }
}
