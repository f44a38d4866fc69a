// The handles of the sending side, and the permit that holds one of them.

import { currentContext, type Future } from "../../future/index.js";
import { checkWhole } from "../checks.js";
import { ClosedHandleError, SendError, TrySendError, usedPermit } from "../errors.js";
import { type Loan, siteOf } from "../lost.js";
import { returnTether, type Tether, takeTether } from "../tether.js";
import { type Channel, SENDER, WEAK_SENDER } from "./channel.js";
import { Permit, Permits } from "./permits.js";
import {
  Closed,
  closedSender,
  Reserve,
  ReserveMany,
  Reserving,
  Send,
  type Sending,
} from "./waiting.js";

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
    return new Closed(this as Sending<unknown>);
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
    checkWhole("reserveMany(count)", count, 0, this.channel().capacity, ", the capacity");
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
    return new ReserveOwned(this, siteOf(this.reserveOwned));
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
    checkWhole("tryReserveMany(count)", count, 0, channel.capacity, ", the capacity");
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

  /** Room that is there for who asks now: none while somebody waits for some. */
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

class ReserveOwned<T> extends Reserving<T, OwnedPermit<T>> {
  declare protected readonly sender: Sender<T>;

  constructor(sender: Sender<T>, site: string | undefined) {
    super(sender, 1, site);
  }

  protected override lent(loan: Loan<Channel<T>>): OwnedPermit<T> {
    const { sender } = this;
    if (sender.isOpen()) return new OwnedPermit(loan, sender.moved());
    sender.shared.release(sender.shared.takeBack(loan));
    throw closedSender();
  }
  override waitsFor(): string {
    return "mpsc.reserveOwned()";
  }
  protected override closed(): Error {
    return new SendError(this.sender);
  }
}

/** A permit that holds its sender: for passing both on. */
export class OwnedPermit<T> implements Disposable {
  /** Undefined once it is back (lost.ts, L1). */
  private loan: Loan<Channel<T>> | undefined;
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
    const { loan, sender } = this;
    if (loan === undefined || sender === undefined) throw usedPermit("an owned permit");
    this.loan = undefined;
    this.sender = undefined;
    this.channel.takeBack(loan);
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
