// The sending side: handles, permits, and the futures that wait for room.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  requireContext,
  type Suspension,
  suspend,
} from "../../future/index.js";
import { CapacityError, ClosedHandleError, SendError, TrySendError } from "../errors.js";
import { WaitNode } from "../waiters.js";
import { type Channel, PermitWaiter } from "./channel.js";

/** Waits for permits. What is done with them once they are there is the subclass's. */
abstract class Acquire<T, R> extends Future<R> {
  protected readonly channel: Channel<T>;
  private readonly wanted: number;
  private waiter: PermitWaiter | undefined;
  private done: boolean;

  constructor(channel: Channel<T>, wanted: number) {
    super();
    this.channel = channel;
    this.wanted = wanted;
    this.waiter = undefined;
    this.done = false;
  }

  override poll(cx: Context): Poll<R> {
    if (this.done) throw new PolledAfterCompletionError("a send");
    const waiter = this.waiter;
    if (waiter === undefined) return this.start(cx);
    if (this.channel.isClosed()) {
      // Tokio's rule: a grant that nobody has seen ends with the close.
      this.channel.abandon(waiter);
      return this.fail();
    }
    if (waiter.granted) return proceed(cx) ? this.finish() : Pending;
    waiter.waker = cx.waker;
    return Pending;
  }

  private start(cx: Context): Poll<R> {
    const channel = this.channel;
    if (channel.isClosed()) return this.fail();
    // The budget is asked first: permits that were taken must not wait for it.
    if (channel.available >= this.wanted && !proceed(cx)) return Pending;
    if (channel.tryAcquire(this.wanted)) return this.finish();
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

  private finish(): R {
    this.complete();
    return this.acquired();
  }

  private fail(): never {
    this.complete();
    throw this.closed();
  }

  protected abstract acquired(): R;
  protected abstract closed(): Error;

  override [Symbol.dispose](): void {
    this.done = true;
    const waiter = this.waiter;
    this.waiter = undefined;
    if (waiter !== undefined) this.channel.abandon(waiter);
  }
}

class Send<T> extends Acquire<T, void> {
  private readonly value: T;
  constructor(channel: Channel<T>, value: T) {
    super(channel, 1);
    this.value = value;
  }

  /** The common case has room that nobody waits for: one step, without a permit in between. */
  override poll(cx: Context): Poll<void> {
    if (!this.isNew() || !this.channel.hasRoom()) return super.poll(cx);
    if (!proceed(cx)) return Pending;
    this.complete();
    this.channel.put(this.value);
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, void> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(): void {
    this.channel.fulfil(this.value);
  }
  override waitsFor(): string {
    return "mpsc.send()";
  }
  protected override closed(): Error {
    return new SendError(this.value);
  }
}

class Reserve<T> extends Acquire<T, Permit<T>> {
  constructor(channel: Channel<T>) {
    super(channel, 1);
  }
  protected override acquired(): Permit<T> {
    return new Permit(this.channel);
  }
  override waitsFor(): string {
    return "mpsc.reserve()";
  }
  protected override closed(): Error {
    return new SendError(undefined);
  }
}

class ReserveMany<T> extends Acquire<T, Permits<T>> {
  private readonly count: number;
  constructor(channel: Channel<T>, count: number) {
    super(channel, count);
    this.count = count;
  }
  protected override acquired(): Permits<T> {
    return new Permits(this.channel, this.count);
  }
  override waitsFor(): string {
    return `mpsc.reserveMany(${this.count})`;
  }
  protected override closed(): Error {
    return new SendError(undefined);
  }
}

class ReserveOwned<T> extends Acquire<T, OwnedPermit<T>> {
  private readonly sender: Sender<T>;
  constructor(channel: Channel<T>, sender: Sender<T>) {
    super(channel, 1);
    this.sender = sender;
  }
  protected override acquired(): OwnedPermit<T> {
    return new OwnedPermit(this.channel, this.sender);
  }
  override waitsFor(): string {
    return "mpsc.reserveOwned()";
  }
  protected override closed(): Error {
    return new SendError(this.sender);
  }
}

class Closed extends Future<void> {
  private readonly channel: Channel<unknown>;
  private node: WaitNode | undefined;
  private done: boolean;
  constructor(channel: Channel<unknown>) {
    super();
    this.channel = channel;
    this.node = undefined;
    this.done = false;
  }
  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("closed()");
    if (this.channel.isClosed()) {
      if (!proceed(cx)) return Pending;
      this.done = true;
      return;
    }
    if (this.node === undefined) {
      this.node = new WaitNode(cx.waker);
      this.channel.waitClosed(this.node);
    }
    this.node.waker = cx.waker;
    return Pending;
  }
  override waitsFor(): string {
    return "mpsc.closed()";
  }
  override [Symbol.dispose](): void {
    this.done = true;
    if (this.node !== undefined) this.channel.leaveClosed(this.node);
    this.node = undefined;
  }
}

/** Room for one value, held until it is used or disposed. */
export class Permit<T> implements Disposable {
  private channel: Channel<T> | undefined;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
  }

  /** Sends without waiting; never fails, even if the receiver has closed. @throws {ClosedHandleError} when used twice. */
  send(value: T): void {
    const channel = this.channel;
    if (channel === undefined) throw new ClosedHandleError("a permit");
    this.channel = undefined;
    channel.fulfil(value);
  }

  /** Gives the room back. */
  [Symbol.dispose](): void {
    const channel = this.channel;
    this.channel = undefined;
    channel?.release(1);
  }
}

/** Room for several values, as an iterator of permits. Disposing gives back the room of those not taken. */
export class Permits<T> implements Disposable, Iterable<Permit<T>> {
  private readonly channel: Channel<T>;
  private left: number;

  /** @internal */
  constructor(channel: Channel<T>, count: number) {
    this.channel = channel;
    this.left = count;
  }

  /** Permits not yet taken. */
  len(): number {
    return this.left;
  }

  /** Takes a permit, or undefined when none is left. */
  take(): Permit<T> | undefined {
    if (this.left === 0) return undefined;
    this.left -= 1;
    return new Permit(this.channel);
  }

  *[Symbol.iterator](): Generator<Permit<T>, void, void> {
    for (let permit = this.take(); permit; permit = this.take()) yield permit;
  }

  [Symbol.dispose](): void {
    const left = this.left;
    this.left = 0;
    if (left > 0) this.channel.release(left);
  }
}

/** A permit that holds its sender: for passing both on. */
export class OwnedPermit<T> implements Disposable {
  private readonly channel: Channel<T>;
  private sender: Sender<T> | undefined;

  /** @internal */
  constructor(channel: Channel<T>, sender: Sender<T>) {
    this.channel = channel;
    this.sender = sender;
  }

  private taken(): Sender<T> {
    const sender = this.sender;
    if (sender === undefined) throw new ClosedHandleError("an owned permit");
    this.sender = undefined;
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

  /** Gives the room back and disposes the sender. */
  [Symbol.dispose](): void {
    if (this.sender === undefined) return;
    this.release()[Symbol.dispose]();
  }
}

/** What both kinds of sender have. */
abstract class SenderBase<T> implements Disposable {
  protected readonly shared: Channel<T>;
  private open: boolean;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.shared = channel;
    this.open = true;
  }

  /** The channel, of a handle that has not been given up. */
  protected channel(): Channel<T> {
    if (!this.open) throw new ClosedHandleError("a sender");
    return this.shared;
  }

  /** Gives the handle up without counting it: whoever calls this has taken over the count. */
  protected surrender(): Channel<T> {
    const channel = this.channel();
    this.open = false;
    return channel;
  }

  /** Whether the receiver was closed or dropped, so that sending would fail. */
  isClosed(): boolean {
    return this.shared.isClosed();
  }

  /** Waits until the receiver is closed or dropped. Cancel-safe. */
  closed(): Future<void> {
    return new Closed(this.shared as Channel<unknown>);
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
    if (!this.open) return;
    this.open = false;
    this.shared.dropSender();
  }
}

/** Sends into a bounded channel. One for each owner: `clone()`. */
export class Sender<T> extends SenderBase<T> {
  /**
   * Waits for room and sends. In the order of their first polls, among all who wait.
   *
   * @throws {SendError} (from the poll) with the value, when the receiver is closed or dropped.
   *
   * Cancel-safe in that a value is sent or it is not; a dropped send loses its place, and the value with it.
   */
  send(value: T): Future<void> {
    return new Send(this.channel(), value);
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
    return new Reserve(this.channel());
  }

  /**
   * Waits for room for `count` values.
   *
   * @param count a whole number from 0 to the capacity. @throws {CapacityError} at the call.
   */
  reserveMany(count: number): Future<Permits<T>> {
    const channel = this.channel();
    if (!Number.isInteger(count) || count < 0 || count > channel.capacity)
      throw new CapacityError(
        "reserveMany(count)",
        count,
        `a whole number from 0 to the capacity, ${channel.capacity}`,
      );
    return new ReserveMany(channel, count);
  }

  /** Waits for room and takes this sender along: it is given back by the permit. Dropping the future disposes neither. */
  reserveOwned(): Future<OwnedPermit<T>> {
    return new ReserveOwned(this.channel(), this);
  }

  /** Takes room at once. @throws {TrySendError} without a value. */
  tryReserve(): Permit<T> {
    const channel = this.channel();
    if (channel.isClosed()) throw new TrySendError(undefined, true);
    if (!channel.tryAcquire(1)) throw new TrySendError(undefined, false);
    return new Permit(channel);
  }

  /** Room that is free now. */
  capacity(): number {
    return this.shared.available;
  }

  /** The capacity the channel was made with. */
  maxCapacity(): number {
    return this.shared.capacity;
  }

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

/** Sends into an unbounded channel. */
export class UnboundedSender<T> extends SenderBase<T> {
  /** Sends; there is always room. @throws {SendError} with the value, when the receiver is closed or dropped. */
  send(value: T): void {
    const channel = this.channel();
    if (channel.isClosed()) throw new SendError(value);
    channel.put(value);
  }

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
  private open = true;

  /** @internal */
  constructor(channel: Channel<T>, make: () => S) {
    this.channel = channel;
    this.make = make;
    channel.weak += 1;
  }

  /** A sender, or undefined once all of them are gone. */
  upgrade(): S | undefined {
    if (!this.open) throw new ClosedHandleError("a weak sender");
    if (this.channel.strong === 0) return undefined;
    this.channel.addSender();
    return this.make();
  }

  strongCount(): number {
    return this.channel.strong;
  }

  weakCount(): number {
    return this.channel.weak;
  }

  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    this.channel.weak -= 1;
  }
}
