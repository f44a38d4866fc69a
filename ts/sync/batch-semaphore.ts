// The semaphore inside of every lock of this folder: free permits, who waits for some, and the loans of those that are out.
//
// B1  There are no free permits while anybody waits: what comes free goes to the first in line, in part if it wants more, and
//     on to the next once that one has all. So whoever finds permits free may take them: nobody is overtaken.
// B2  Who leaves the line, or is granted all and goes away without taking it, gives back what it was assigned. The loan is given
//     with the grant: one that is lost to the garbage collector before it takes it is found as a guard is.
// B3  A close wakes the whole line, which gives back what it was assigned. Nothing opens a closed semaphore again.
// B4  Wakers are called last, when all of the above holds: they may poll at once, and acquire, release and close.
//
// The way of assigning is that of Tokio's batch semaphore.

import type { Waker } from "../future/index.js";
import { LoanPool } from "./loan-pool.js";
import type { Lender, Loan, LoanRecord } from "./lost.js";
import { WaitList, WaitNode } from "./waiters.js";

/** A place in the line. */
export class PermitWaiter extends WaitNode {
  readonly wanted: number;
  /** What it has not been assigned yet. Granted at 0. */
  missing: number;
  /** The number of the task that waits, or 0. */
  holder: number;
  readonly site: string | undefined;
  /** Of what was granted. */
  loan: Loan | undefined;

  constructor(waker: Waker, wanted: number, holder: number, site: string | undefined) {
    super(waker);
    this.wanted = wanted;
    this.missing = wanted;
    this.holder = holder;
    this.site = site;
    this.loan = undefined;
  }
}

/** Those who are to be woken, in order; chained through `next`, as they have left the line. */
class Woken {
  private first: PermitWaiter | undefined = undefined;
  private last: PermitWaiter | undefined = undefined;

  add(waiter: PermitWaiter): void {
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
  }

  wakeAll(): void {
    let waiter = this.first;
    while (waiter !== undefined) {
      const next = waiter.next as PermitWaiter | undefined;
      waiter.next = undefined;
      waiter.waker.wake();
      waiter = next;
    }
  }
}

export class BatchSemaphore implements Lender {
  readonly guardName: string;
  private free: number;
  private closed: boolean;
  private readonly waiting: WaitList<PermitWaiter>;
  private readonly loans: LoanPool<this>;

  /** @param permits a whole number from 0 to MAX_PERMITS; the caller has checked it. */
  constructor(permits: number, guardName: string) {
    this.guardName = guardName;
    this.free = permits;
    this.closed = false;
    this.waiting = new WaitList(`a ${guardName}`);
    this.loans = new LoanPool(this);
  }

  get available(): number {
    return this.free;
  }

  isClosed(): boolean {
    return this.closed;
  }

  /** Whether so many could be taken at once. */
  has(count: number): boolean {
    return this.free >= count && !this.closed;
  }

  /** Takes what {@link has} has said is there. */
  take(count: number): void {
    this.free -= count;
  }

  tryTake(count: number): boolean {
    if (!this.has(count)) return false;
    this.free -= count;
    return true;
  }

  /** Joins the line, for more than is free; what is free goes along (B1). */
  join(waiter: PermitWaiter): void {
    waiter.missing -= this.free;
    this.free = 0;
    this.waiting.push(waiter);
  }

  /** Leaves the line, or declines what was granted. Harmless when done twice (B2). */
  leave(waiter: PermitWaiter): void {
    const assigned = waiter.wanted - waiter.missing;
    waiter.missing = waiter.wanted;
    this.waiting.remove(waiter);
    const loan = waiter.loan as Loan<this> | undefined;
    waiter.loan = undefined;
    if (loan !== undefined) this.takeBack(loan);
    if (assigned > 0) this.release(assigned);
  }

  /** Permits come back, or come newly into being. */
  release(count: number): void {
    this.free += count;
    if (!this.waiting.isEmpty()) this.serve();
  }

  private serve(): void {
    const woken = new Woken();
    for (let first = this.waiting.first(); first && this.free > 0; first = this.waiting.first()) {
      const given = Math.min(this.free, first.missing);
      this.free -= given;
      first.missing -= given;
      if (first.missing > 0) break;
      this.waiting.remove(first);
      first.loan = this.lend(first.wanted, first.holder, first.site);
      woken.add(first);
    }
    woken.wakeAll();
  }

  /** Takes free permits out of the world. Returns how many there were of them. */
  forget(count: number): number {
    const forgotten = Math.min(count, this.free);
    this.free -= forgotten;
    return forgotten;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const woken = new Woken();
    for (let waiter = this.waiting.shift(); waiter; waiter = this.waiting.shift()) {
      this.free += waiter.wanted - waiter.missing;
      waiter.missing = waiter.wanted;
      woken.add(waiter);
    }
    woken.wakeAll();
  }

  /** Gives a loan for permits that were taken. @param holder the task's number, or 0. */
  lend(permits: number, holder: number, site: string | undefined): Loan<this> {
    return this.loans.lend(permits, holder, site);
  }

  /** A loan comes back with its permits. */
  restore(loan: Loan<this>): void {
    this.release(this.takeBack(loan));
  }

  /** A loan comes back without its permits: they are the caller's. */
  takeBack(loan: Loan<this>): number {
    return this.loans.takeBack(loan);
  }

  recover(record: LoanRecord): void {
    this.loans.forget(record);
    this.release(record.permits);
  }

  protected describeLoan(record: LoanRecord): string {
    return record.describe();
  }

  /** Who has the permits that somebody waits for. */
  describeHolders(): string {
    const holders = this.loans.describeHolders((record) => this.describeLoan(record));
    return holders === undefined ? "which nobody holds" : `held by ${holders}`;
  }
}
