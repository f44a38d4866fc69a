// The sending side: handles, permits, and the futures that wait for room.

import {
  type Context,
  currentContext,
  dropOwned,
  Future,
  type Owned,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  requireContext,
  type Suspension,
  suspend,
} from "../../future/index.js";
import { CapacityError, ClosedHandleError, SendError, TrySendError } from "../errors.js";
import { type Loan, siteOf } from "../lost.js";
import { returnTether, type Tether, takeTether } from "../tether.js";
import { WaitNode } from "../waiters.js";
import { type Channel, PermitWaiter, SENDER, WEAK_SENDER } from "./channel.js";

/** Waits for permits. What is done with them once they are there is the subclass's. */
abstract class Acquire<T, R> extends Future<R> {
  /** The handle and not only its channel: one that waits must not be taken for lost (tether.ts, T1). */
  protected readonly sender: Sender<T>;
  private readonly wanted: number;
  private waiter: PermitWaiter | undefined;
  protected done: boolean;

  constructor(sender: Sender<T>, wanted: number) {
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
    waiter.waker = cx.waker;
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
    this.waiter = new PermitWaiter(cx.waker, this.wanted);
    channel.wait(this.waiter);
    return Pending;
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
    this.complete();
    return this.acquired(cx);
  }

  private fail(error: Error): never {
    this.complete();
    throw error;
  }

  protected abstract acquired(cx: Context): R;
  protected abstract closed(): Error;
  abstract override waitsFor(): string;

  override [Symbol.dispose](): void {
    this.done = true;
    const waiter = this.waiter;
    this.waiter = undefined;
    if (waiter !== undefined) this.sender.shared.abandon(waiter);
  }
}

class Send<T> extends Acquire<T, void> {
  private readonly value: T;
  constructor(sender: Sender<T>, value: T) {
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
abstract class Reserving<T, R> extends Acquire<T, R> {
  private readonly count: number;
  private readonly site: string | undefined;

  /** @param site where it was called, see `siteOf`. */
  constructor(sender: Sender<T>, count: number, site: string | undefined) {
    super(sender, count);
    this.count = count;
    this.site = site;
  }

  protected lend(cx: Context): Loan<Channel<T>> {
    return this.sender.shared.lend(this.count, cx.id ?? 0, this.site);
  }

  protected override closed(): Error {
    return new SendError(undefined);
  }
}

class Reserve<T> extends Reserving<T, Permit<T>> {
  protected override acquired(cx: Context): Permit<T> {
    return new Permit(this.lend(cx));
  }
  override waitsFor(): string {
    return "mpsc.reserve()";
  }
}

class ReserveMany<T> extends Reserving<T, Permits<T>> {
  private readonly wantsAny: boolean;
  constructor(sender: Sender<T>, count: number, site: string | undefined) {
    super(sender, count, site);
    this.wantsAny = count > 0;
  }
  protected override acquired(cx: Context): Permits<T> {
    return new Permits(this.wantsAny ? this.lend(cx) : undefined);
  }
  override waitsFor(): string {
    return "mpsc.reserveMany()";
  }
}

class ReserveOwned<T> extends Reserving<T, OwnedPermit<T>> {
  protected override acquired(cx: Context): OwnedPermit<T> {
    const { sender } = this;
    if (sender.isOpen()) return new OwnedPermit(this.lend(cx), sender.moved());
    sender.shared.release(1);
    throw closedSender();
  }
  override waitsFor(): string {
    return "mpsc.reserveOwned()";
  }
  protected override closed(): Error {
    return new SendError(this.sender);
  }
}

class Closed extends Future<void> {
  /** See Acquire. */
  private readonly sender: SenderBase<unknown>;
  private node: WaitNode | undefined;
  private done: boolean;
  constructor(sender: SenderBase<unknown>) {
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

// Permits hold a loan (lost.ts): one that is lost comes back and is reported.

function closedSender(): ClosedHandleError {
  return new ClosedHandleError("a sender");
}

function usedPermit(what: string): ClosedHandleError {
  return new ClosedHandleError(what, "it is for one value; reserve room for each");
}

/** Room for one value, held until it is used or disposed. */
export class Permit<T> implements Owned {
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
export class Permits<T> implements Owned, Iterable<Permit<T>> {
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

/** A permit that holds its sender: for passing both on. */
export class OwnedPermit<T> implements Owned {
  private readonly loan: Loan<Channel<T>>;
  private readonly channel: Channel<T>;
  private sender: Sender<T> | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "use it here, and send the value";
  }

  /** @internal */
  constructor(loan: Loan<Channel<T>>, sender: Sender<T>) {
    this.loan = loan;
    this.channel = loan.lender;
    this.sender = sender;
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  /** The sender; the loan is back. */
  private taken(): Sender<T> {
    const sender = this.sender;
    if (sender === undefined) throw usedPermit("an owned permit");
    this.sender = undefined;
    this.channel.takeBack(this.loan);
    return sender;
  }

  /** Sends without waiting and gives the sender back. @throws {ClosedHandleError} when used twice. */
  send(value: T): Sender<T> {
    const sender = this.taken();
    this.channel.fulfil(value);
    return sender;
  }

  /** Gives the room back, and the sender. @throws {ClosedHandleError} when used twice. */
  release(): Sender<T> {
    const sender = this.taken();
    this.channel.release(1);
    return sender;
  }

  /** Whether both are for the same channel. */
  sameChannel(other: OwnedPermit<T>): boolean {
    return this.channel === other.channel;
  }

  /** Whether it is for the channel that `sender` sends into. */
  sameChannelAsSender(sender: Sender<T>): boolean {
    return this.channel === sender.shared;
  }

  /** Gives the room back and disposes the sender. */
  [Symbol.dispose](): void {
    if (this.sender === undefined) return;
    this.release()[Symbol.dispose]();
  }
}

/** What both kinds of sender have. */
abstract class SenderBase<T> implements Disposable {
  /** @internal */
  readonly shared: Channel<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `mpsc.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>, tether: Tether = takeTether(channel.distant, SENDER)) {
    this.shared = channel;
    this.tether = tether;
  }

  /** @internal Whether it has not been given up. */
  isOpen(): boolean {
    return this.tether !== undefined;
  }

  /** The channel, of a handle that has not been given up. */
  protected channel(): Channel<T> {
    if (this.tether === undefined) throw closedSender();
    return this.shared;
  }

  /** Gives the handle up without closing it: whoever calls this has taken over the count. */
  protected surrender(): Tether {
    const tether = this.tether;
    if (tether === undefined) throw closedSender();
    this.tether = undefined;
    return tether;
  }

  /** Whether the receiver was closed or dropped, so that sending would fail. */
  isClosed(): boolean {
    return this.shared.isClosed();
  }

  /** Waits until the receiver is closed or dropped. Cancel-safe. */
  closed(): Future<void> {
    return new Closed(this as SenderBase<unknown>);
  }

  /** Senders that have not been disposed. */
  strongCount(): number {
    return this.shared.strong;
  }

  /** Weak senders that have not been disposed. */
  weakCount(): number {
    return this.shared.weak;
  }

  /** Whether both send into the same channel. */
  sameChannel(other: SenderBase<T>): boolean {
    return this.shared === other.shared;
  }

  /** Values that wait to be received. */
  len(): number {
    return this.shared.values.length;
  }

  /** Gives the handle up. When the last one is, the receiver gets what is queued and then undefined. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.tether === undefined) return;
    returnTether(this.surrender());
    this.shared.dropSender();
  }
}

function assertCount(what: string, count: number, most: number): void {
  if (!Number.isInteger(count) || count < 0 || count > most)
    throw new CapacityError(what, count, `a whole number from 0 to the capacity, ${most}`);
}

/** Sends into a bounded channel. One for each owner: `clone()`. One that is lost to the garbage collector closes, late. */
export class Sender<T> extends SenderBase<T> {
  /**
   * Waits for room and sends. In the order of their first polls, among all who wait.
   *
   * @param value `undefined` looks like the end to a receiver that takes one at a time.
   * @throws {SendError} (from the poll) with the value, when the receiver is closed or dropped.
   * @throws {ClosedHandleError} when this sender was closed; from the poll, when it was closed before the first poll.
   *
   * Cancel-safe in that a value is sent or it is not; a dropped send loses its place, and the value with it: guards, permits and
   * ends of channels in it are disposed, as those of values that are queued and never received.
   */
  send(value: T): Future<void> {
    this.channel();
    return new Send(this, value);
  }

  /** Sends at once. @throws {TrySendError} with the value, when there is no room or the receiver is closed. */
  trySend(value: T): void {
    const channel = this.channel();
    if (channel.isClosed()) throw new TrySendError(value, true);
    if (!channel.hasRoom()) throw new TrySendError(value, false);
    channel.put(value);
  }

  /** Waits for room. @throws {SendError} when the receiver is closed. Cancel-safe; the place in the line is lost. */
  reserve(): Future<Permit<T>> {
    this.channel();
    return new Reserve(this, 1, siteOf(this.reserve));
  }

  /**
   * Waits for room for `count` values. Cancel-safe; the place in the line is lost.
   *
   * @param count a whole number from 0 to the capacity. None are there at once. @throws {CapacityError} at the call.
   * @throws {SendError} (from the poll) without a value, when the receiver is closed.
   */
  reserveMany(count: number): Future<Permits<T>> {
    assertCount("reserveMany(count)", count, this.channel().capacity);
    return new ReserveMany(this, count, siteOf(this.reserveMany));
  }

  /**
   * Waits for room and takes this sender along: the permit gives it back, as another handle. This one is closed from then on, and
   * not before: dropping the future leaves it as it was.
   *
   * @throws {SendError} (from the poll) with this sender, when the receiver is closed.
   * @throws {ClosedHandleError} (from the poll) when this sender was closed or taken meanwhile.
   */
  reserveOwned(): Future<OwnedPermit<T>> {
    this.channel();
    return new ReserveOwned(this, 1, siteOf(this.reserveOwned));
  }

  /** Takes permits for hands. @throws {TrySendError} with `refused`, when there are too few or the receiver is closed. */
  private take(count: number, site: string | undefined, refused: unknown): Loan<Channel<T>> {
    const channel = this.shared;
    if (channel.isClosed()) throw new TrySendError(refused, true);
    if (!channel.tryAcquire(count)) throw new TrySendError(refused, false);
    return channel.lend(count, currentContext()?.id ?? 0, site);
  }

  /** Takes room at once. @throws {TrySendError} without a value. */
  tryReserve(): Permit<T> {
    this.channel();
    return new Permit(this.take(1, siteOf(this.tryReserve), undefined));
  }

  /**
   * Takes room for `count` values at once.
   *
   * @param count a whole number from 0 to the capacity. @throws {CapacityError} otherwise. @throws {TrySendError} without a value.
   */
  tryReserveMany(count: number): Permits<T> {
    const channel = this.channel();
    assertCount("tryReserveMany(count)", count, channel.capacity);
    if (count > 0) return new Permits(this.take(count, siteOf(this.tryReserveMany), undefined));
    if (channel.isClosed()) throw new TrySendError(undefined, true);
    return new Permits<T>(undefined);
  }

  /** Takes room at once, and this sender along, see {@link reserveOwned}. @throws {TrySendError} with this sender. */
  tryReserveOwned(): OwnedPermit<T> {
    this.channel();
    const loan = this.take(1, siteOf(this.tryReserveOwned), this);
    return new OwnedPermit(loan, this.moved());
  }

  /** @internal Another handle in place of this one, which is closed. */
  moved(): Sender<T> {
    return new Sender(this.shared, this.surrender());
  }

  /** Room that is free now. */
  capacity(): number {
    return this.shared.available;
  }

  /** The capacity the channel was made with. */
  maxCapacity(): number {
    return this.shared.capacity;
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this one was closed. */
  clone(): Sender<T> {
    const channel = this.channel();
    channel.addSender();
    return new Sender(channel);
  }

  /** A handle that does not keep the channel open. */
  downgrade(): WeakSender<T> {
    const channel = this.channel();
    return new WeakSender(channel, () => new Sender(channel));
  }
}

/** Sends into an unbounded channel. One for each owner: `clone()`. One that is lost to the garbage collector closes, late. */
export class UnboundedSender<T> extends SenderBase<T> {
  /** Sends; there is always room. @throws {SendError} with the value, when the receiver is closed or dropped. */
  send(value: T): void {
    const channel = this.channel();
    if (channel.isClosed()) throw new SendError(value);
    channel.put(value);
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this one was closed. */
  clone(): UnboundedSender<T> {
    const channel = this.channel();
    channel.addSender();
    return new UnboundedSender(channel);
  }

  /** A handle that does not keep the channel open. */
  downgrade(): WeakSender<T, UnboundedSender<T>> {
    const channel = this.channel();
    return new WeakSender(channel, () => new UnboundedSender(channel));
  }
}

/** A sender that does not keep the channel open. */
export class WeakSender<T, S = Sender<T>> implements Disposable {
  private readonly channel: Channel<T>;
  private readonly make: () => S;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `mpsc.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>, make: () => S) {
    this.channel = channel;
    this.make = make;
    this.tether = takeTether(channel.distant, WEAK_SENDER);
    channel.weak += 1;
  }

  /** A sender, or undefined once all of them are gone. */
  upgrade(): S | undefined {
    if (this.tether === undefined)
      throw new ClosedHandleError("a weak sender", "make one for each owner with `downgrade()`");
    if (this.channel.strong === 0) return undefined;
    this.channel.addSender();
    return this.make();
  }

  /** Senders that have not been disposed. */
  strongCount(): number {
    return this.channel.strong;
  }

  /** Weak senders that have not been disposed. */
  weakCount(): number {
    return this.channel.weak;
  }

  [Symbol.dispose](): void {
    const tether = this.tether;
    if (tether === undefined) return;
    this.tether = undefined;
    returnTether(tether);
    this.channel.weak -= 1;
  }
}
