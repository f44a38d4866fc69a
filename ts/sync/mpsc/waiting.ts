// The futures of the sending side: for room, and for the receiver to go.

import {
  type Context,
  dropOwned,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  requireContext,
  type Suspension,
  suspend,
} from "../../future/index.js";
import { ClosedHandleError, SendError } from "../errors.js";
import type { Loan } from "../lost.js";
import { WaitNode } from "../waiters.js";
import { type Channel, HandsWaiter, PermitWaiter } from "./channel.js";
import { Permit, Permits } from "./permits.js";

/** A sender, as those who wait for it know it. */
export interface Sending<T> {
  readonly shared: Channel<T>;
  /** Whether it has not been given up. */
  isOpen(): boolean;
}

export function closedSender(): ClosedHandleError {
  return new ClosedHandleError("a sender");
}

/** Waits for permits. What is done with them once they are there is the subclass's. */
abstract class Acquire<T, R> extends Future<R> {
  /** The handle and not only its channel: one that waits must not be taken for lost (tether.ts, T1). */
  protected readonly sender: Sending<T>;
  private readonly wanted: number;
  private waiter: PermitWaiter | undefined;
  protected done: boolean;

  constructor(sender: Sending<T>, wanted: number) {
    super();
    this.sender = sender;
    this.wanted = wanted;
    this.waiter = undefined;
    this.done = false;
  }

  override poll(cx: Context): Poll<R> {
    if (this.done) throw new PolledAfterCompletionError(this.waitsFor());
    const waiter = this.waiter;
    if (waiter === undefined) return this.start(cx);
    const channel = this.sender.shared;
    if (channel.isClosed()) {
      // Tokio's rule: a grant that nobody has seen ends with the close.
      channel.abandon(waiter);
      return this.fail(this.closed());
    }
    if (waiter.granted) return proceed(cx) ? this.finish(cx) : Pending;
    this.renew(waiter, cx);
    return Pending;
  }

  private start(cx: Context): Poll<R> {
    // A sender that was closed since the call does not send: the receiver may have been told of the end (M4).
    if (!this.sender.isOpen()) return this.fail(closedSender());
    const channel = this.sender.shared;
    if (channel.isClosed()) return this.fail(this.closed());
    // The budget is asked first: permits that were taken must not wait for it.
    if (channel.available >= this.wanted && !proceed(cx)) return Pending;
    if (channel.tryAcquire(this.wanted)) return this.finish(cx);
    this.waiter = this.makeWaiter(cx, this.wanted);
    channel.wait(this.waiter);
    return Pending;
  }

  protected makeWaiter(cx: Context, wanted: number): PermitWaiter {
    return new PermitWaiter(cx.waker, wanted);
  }

  /** It is polled again, and waits on. */
  protected renew(waiter: PermitWaiter, cx: Context): void {
    waiter.waker = cx.waker;
  }

  /** Whether it has not been polled, or not got as far as waiting. */
  protected isNew(): boolean {
    return this.waiter === undefined && !this.done;
  }

  protected complete(): void {
    this.done = true;
    this.waiter = undefined;
  }

  private finish(cx: Context): R {
    const waiter = this.waiter;
    this.complete();
    return this.acquired(cx, waiter);
  }

  private fail(error: Error): never {
    this.complete();
    throw error;
  }

  /** @param waiter the one that was granted; undefined when nothing was waited for. */
  protected abstract acquired(cx: Context, waiter: PermitWaiter | undefined): R;
  protected abstract closed(): Error;
  abstract override waitsFor(): string;

  override [Symbol.dispose](): void {
    this.done = true;
    const waiter = this.waiter;
    this.waiter = undefined;
    if (waiter !== undefined) this.sender.shared.abandon(waiter);
  }
}

export class Send<T> extends Acquire<T, void> {
  private readonly value: T;
  constructor(sender: Sending<T>, value: T) {
    super(sender, 1);
    this.value = value;
  }

  /** The common case has room that nobody waits for: one step, without a permit in between. */
  override poll(cx: Context): Poll<void> {
    const { sender } = this;
    if (!this.isNew() || !sender.shared.hasRoom() || !sender.isOpen()) return super.poll(cx);
    if (!proceed(cx)) return Pending;
    this.complete();
    sender.shared.put(this.value);
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, void> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(): void {
    this.sender.shared.fulfil(this.value);
  }
  override waitsFor(): string {
    return "mpsc.send()";
  }
  protected override closed(): Error {
    return new SendError(this.value);
  }

  override [Symbol.dispose](): void {
    const isUnsent = !this.done;
    super[Symbol.dispose]();
    if (isUnsent) dropOwned(this.value);
  }
}

/** Waits for permits that go into somebody's hands. */
export abstract class Reserving<T, R> extends Acquire<T, R> {
  private readonly count: number;
  private readonly site: string | undefined;

  /** @param site where it was called, see `siteOf`. */
  constructor(sender: Sending<T>, count: number, site: string | undefined) {
    super(sender, count);
    this.count = count;
    this.site = site;
  }

  protected override makeWaiter(cx: Context, wanted: number): PermitWaiter {
    return new HandsWaiter(cx.waker, wanted, cx.id ?? 0, this.site);
  }

  protected override renew(waiter: PermitWaiter, cx: Context): void {
    super.renew(waiter, cx);
    (waiter as HandsWaiter).holder = cx.id ?? 0;
  }

  protected override acquired(cx: Context, waiter: PermitWaiter | undefined): R {
    const loan = waiter?.takeLoan() as Loan<Channel<T>> | undefined;
    return this.lent(loan ?? this.sender.shared.lend(this.count, cx.id ?? 0, this.site));
  }

  /** The permits are in hands. */
  protected abstract lent(loan: Loan<Channel<T>>): R;

  protected override closed(): Error {
    return new SendError(undefined);
  }
}

export class Reserve<T> extends Reserving<T, Permit<T>> {
  protected override lent(loan: Loan<Channel<T>>): Permit<T> {
    return new Permit(loan);
  }
  override waitsFor(): string {
    return "mpsc.reserve()";
  }
}

export class ReserveMany<T> extends Reserving<T, Permits<T>> {
  private readonly wantsAny: boolean;
  constructor(sender: Sending<T>, count: number, site: string | undefined) {
    super(sender, count, site);
    this.wantsAny = count > 0;
  }
  protected override acquired(cx: Context, waiter: PermitWaiter | undefined): Permits<T> {
    return this.wantsAny ? super.acquired(cx, waiter) : new Permits<T>(undefined);
  }
  protected override lent(loan: Loan<Channel<T>>): Permits<T> {
    return new Permits(loan);
  }
  override waitsFor(): string {
    return "mpsc.reserveMany()";
  }
}

export class Closed extends Future<void> {
  /** See Acquire. */
  private readonly sender: Sending<unknown>;
  private node: WaitNode | undefined;
  private done: boolean;
  constructor(sender: Sending<unknown>) {
    super();
    this.sender = sender;
    this.node = undefined;
    this.done = false;
  }
  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("closed()");
    const channel = this.sender.shared;
    if (channel.isClosed()) {
      if (!proceed(cx)) return Pending;
      this.done = true;
      return;
    }
    if (this.node === undefined) {
      this.node = new WaitNode(cx.waker);
      channel.waitClosed(this.node);
    }
    this.node.waker = cx.waker;
    return Pending;
  }
  override waitsFor(): string {
    return "mpsc.closed()";
  }
  override [Symbol.dispose](): void {
    this.done = true;
    if (this.node !== undefined) this.sender.shared.leaveClosed(this.node);
    this.node = undefined;
  }
}
