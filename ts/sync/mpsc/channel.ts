// The state that the handles of one channel share.
//
// M1  Permits are conserved: free + promised (to waiters that were served and to permits in hands) + values = capacity.
// M2  Who waits for room is served first-in first-out, all of what they asked for at once; a request that is large holds
//     back the small ones behind it.
// M3  Room that comes free goes straight to the one who waits longest. `trySend` takes room only when nobody waits.
// M4  `recv` gives undefined only when the channel is closed, empty, and no permit is out.
// M5  Closed by the receiver: no new permits; permits that are out may still be used.
// M6  A permit that is lost to the garbage collector comes back, and is reported; an end that is lost closes.
// M7  What nobody will receive is dropped: guards, permits and ends of channels in it are disposed, when all of the above holds.

import { dropOwned, type Waker, WakerSet } from "../../future/index.js";
import { LoanPool } from "../loan-pool.js";
import type { Lender, Loan, LoanRecord } from "../lost.js";
import { Distant, type Losable } from "../tether.js";
import { WaitList, WaitNode } from "../waiters.js";
import { Ring } from "./ring.js";

/** The ends, as tethers tell them apart. */
export const SENDER = 0;
export const WEAK_SENDER = 1;
export const RECEIVER = 2;

/** Somebody who waits for room. */
export class PermitWaiter extends WaitNode {
  readonly wanted: number;
  granted: boolean;

  constructor(waker: Waker, wanted: number) {
    super(waker);
    this.wanted = wanted;
    this.granted = false;
  }

  /** It is served. */
  grant<T>(_channel: Channel<T>): void {
    this.granted = true;
  }

  /** Takes the loan that came with the grant, if one did. */
  takeLoan(): Loan | undefined {
    return undefined;
  }
}

/** Somebody who waits for permits for hands: the loan is given with the grant, so that who is lost before taking it is found (M6). */
export class HandsWaiter extends PermitWaiter {
  /** The number of the task that waits, or 0. */
  holder: number;
  private readonly site: string | undefined;
  private loan: Loan | undefined;

  constructor(waker: Waker, wanted: number, holder: number, site: string | undefined) {
    super(waker, wanted);
    this.holder = holder;
    this.site = site;
    this.loan = undefined;
  }

  override grant<T>(channel: Channel<T>): void {
    this.granted = true;
    this.loan = channel.lend(this.wanted, this.holder, this.site);
  }

  override takeLoan(): Loan | undefined {
    const loan = this.loan;
    this.loan = undefined;
    return loan;
  }
}

export class Channel<T> implements Lender, Losable {
  readonly guardName = "permit of an mpsc channel";
  readonly capacity: number;
  /** What the tethers of its ends know it by. */
  readonly distant: Distant;
  readonly values: Ring<T> = new Ring();
  private free: number;
  /** Permits granted but not yet turned into a value or given back. */
  private promised = 0;
  private readonly waiting: WaitList<PermitWaiter> = new WaitList("room in an mpsc channel");
  private serving = false;
  /** One task receives as a rule; should two wait, both are woken and each tries again. */
  private readonly receivers: WakerSet = new WakerSet();
  private readonly closedWaiters: WaitList = new WaitList("the receiver of an mpsc channel to go");
  private rxClosed = false;
  private rxDropped = false;
  /** The loans of permits in hands. Made for the first. */
  private loans: LoanPool<this> | undefined = undefined;
  strong = 1;
  weak = 0;

  /** @param capacity Infinity for an unbounded channel. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.free = capacity;
    this.distant = new Distant(this);
  }

  /** Room for who asks now: what is free while somebody waits is for the one who waits longest (M2). */
  get available(): number {
    return this.waiting.isEmpty() ? this.free : 0;
  }

  isClosed(): boolean {
    return this.rxClosed;
  }

  /** Whether no value can ever come again (M4). */
  isDrained(): boolean {
    return this.values.length === 0 && this.promised === 0 && (this.rxClosed || this.strong === 0);
  }

  /** Takes permits if there are enough and nobody waits for them (M3). A count of 0 always succeeds. */
  tryAcquire(count: number): boolean {
    if (this.free < count || (count > 0 && !this.waiting.isEmpty())) return false;
    this.free -= count;
    this.promised += count;
    return true;
  }

  wait(waiter: PermitWaiter): void {
    this.waiting.push(waiter);
  }

  /** A future that waited, or holds what it was granted, goes away. */
  abandon(waiter: PermitWaiter): void {
    if (!waiter.granted) {
      const wasFirst = waiter.previous === undefined;
      this.waiting.remove(waiter);
      // The one behind may want less than what is free (M2).
      if (wasFirst) this.serve();
      return;
    }
    waiter.granted = false;
    const loan = waiter.takeLoan() as Loan<this> | undefined;
    if (loan !== undefined) this.takeBack(loan);
    this.release(waiter.wanted);
  }

  /** Permits come back unused. */
  release(count: number): void {
    this.promised -= count;
    this.restore(count);
    // The last permit that was out may have been all that the receiver waited for (M4).
    if (this.isDrained()) this.wakeReceiver();
  }

  /** Turns a permit into a value. */
  fulfil(value: T): void {
    this.promised -= 1;
    if (this.rxDropped) this.restore(1);
    else this.values.push(value);
    this.wakeReceiver();
    if (this.rxDropped) dropOwned(value);
  }

  /** Permits go into hands. @param holder the task's number, or 0. */
  lend(permits: number, holder: number, site: string | undefined): Loan<this> {
    this.loans ??= new LoanPool(this);
    return this.loans.lend(permits, holder, site);
  }

  /** A loan comes back without its permits: they are the caller's. */
  takeBack(loan: Loan<Channel<T>>): number {
    return this.loans?.takeBack(loan as Loan<this>) ?? 0;
  }

  recover(record: LoanRecord): void {
    this.loans?.forget(record);
    this.release(record.permits);
  }

  /** What a receiver waits for that has made `call`: permits that are out may be all that keeps it from the end (M4). */
  describeReceive(call: string): string {
    if (!this.rxClosed && this.strong > 0) return call;
    const holders = this.loans?.describeHolders((record) => record.describe());
    return holders === undefined
      ? call
      : `${call}, of a closed channel whose permits are held by ${holders}`;
  }

  /** Whether a value could be put at once: there is room, and nobody waits for it (M3). */
  hasRoom(): boolean {
    return this.free > 0 && !this.rxClosed && this.waiting.isEmpty();
  }

  /** A value and its permit in one step. Only when there is room. */
  put(value: T): void {
    this.free -= 1;
    this.values.push(value);
    this.wakeReceiver();
  }

  /** The oldest value; its room goes to who waits (M3). Only when there is one. */
  take(): T {
    const value = this.values.shift();
    this.restore(1);
    return value;
  }

  /** The oldest `count` values: all are out of the queue before their room goes to anybody (M3). */
  takeMany(count: number): T[] {
    const values: T[] = [];
    for (let index = 0; index < count; index++) values.push(this.values.shift());
    if (count > 0) this.restore(count);
    return values;
  }

  private restore(count: number): void {
    this.free += count;
    if (!this.waiting.isEmpty()) this.serve();
  }

  private serve(): void {
    // A waker that gives room back, or leaves the line, is inside of the loop that goes on with what it has changed.
    if (this.serving) return;
    this.serving = true;
    try {
      for (let first = this.waiting.first(); first; first = this.waiting.first()) {
        if (first.wanted > this.free) return;
        this.waiting.remove(first);
        this.free -= first.wanted;
        this.promised += first.wanted;
        first.grant(this);
        first.waker.wake();
      }
    } finally {
      this.serving = false;
    }
  }

  setReceiver(waker: Waker, future: object): void {
    this.receivers.set(future, waker);
  }

  /** A future that may have left its waker goes away. */
  clearReceiver(future: object): void {
    this.receivers.delete(future);
  }

  private wakeReceiver(): void {
    this.receivers.wakeAll();
  }

  addSender(): void {
    this.strong += 1;
  }

  dropSender(): void {
    this.strong -= 1;
    if (this.strong === 0) this.wakeReceiver();
  }

  waitClosed(node: WaitNode): void {
    this.closedWaiters.push(node);
  }

  leaveClosed(node: WaitNode): void {
    this.closedWaiters.remove(node);
  }

  /** The receiver takes nothing new (M5). Who waits for room, or for the close, is woken. */
  close(): void {
    if (this.rxClosed) return;
    this.rxClosed = true;
    for (let node = this.waiting.shift(); node; node = this.waiting.shift()) node.waker.wake();
    for (let node = this.closedWaiters.shift(); node; node = this.closedWaiters.shift())
      node.waker.wake();
    this.wakeReceiver();
  }

  /** The receiver is gone: what was queued is dropped (M7). */
  closeAndDrain(): void {
    this.close();
    this.rxDropped = true;
    const values = this.values.drain();
    this.free += values.length;
    for (const value of values) dropOwned(value);
  }

  lose(end: number): void {
    if (end === SENDER) this.dropSender();
    else if (end === WEAK_SENDER) this.weak -= 1;
    else this.closeAndDrain();
  }
}
