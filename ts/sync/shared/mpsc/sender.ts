// Senders of a shared channel, and the permit that holds one.
//
// S1  The channel is open for as long as a sender is, on whatever thread. A weak sender does not keep it open, and its `upgrade` fails
//     once it is closed.
// S2  A sender that is in an owned permit is in nobody else's hands: its handle is closed, and the permit makes another of its claim.

import type { Future, Owned } from "../../../future/index.js";
import { checkWhole } from "../../checks.js";
import {
  BrokenError,
  ClosedHandleError,
  SendError,
  TrySendError,
  usedPermit,
} from "../../errors.js";
import { siteOf } from "../../lost.js";
import { BROKEN, CLOSED, GONE, HELD, ROLE_SENDER, ROLE_WEAK, SENT, STATE_MASK } from "../core.js";
import { claimed, SharedHandle } from "../handle.js";
import type { SharedHome } from "../home.js";
import { AwaitParting } from "../parting.js";
import { Acquiring } from "../waits.js";
import { SharedPermit, SharedPermits } from "./permits.js";
import { Reserve, ReserveMany, Send, sendWritten } from "./waiting.js";

abstract class SharedSenderBase extends SharedHandle {
  protected override describe(): string {
    return "a sender";
  }

  /** Whether the receiver was closed or dropped, so that sending would fail. @throws {ClosedHandleError} when this was closed. */
  isClosed(): boolean {
    return this.home.core.isClosedObject(this.object) !== 0;
  }

  /** Waits until the receiver is closed or dropped. Cancel-safe. @throws {ClosedHandleError} when this was closed. */
  closed(): Future<void> {
    return new AwaitParting(this, "mpsc.closed()");
  }

  /** Senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was closed. */
  strongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  /** Weak senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was closed. */
  weakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  /** Whether both send into the same channel. @throws {ClosedHandleError} when one of them was closed. */
  sameChannel(other: SharedSenderBase): boolean {
    return this.sameObject(other);
  }

  /** Values that wait to be received. @throws {ClosedHandleError} when this was closed. */
  len(): number {
    const { object } = this;
    this.home.settleLeases();
    return this.home.core.queueLengthOf(object);
  }

  /** Gives the handle up. When the last one is, the receiver gets what is queued and then undefined. */
  close(): void {
    this[Symbol.dispose]();
  }
}

/** Sends into a shared bounded channel. `Send`; methods as those of `mpsc.Sender`. */
export class SharedSender<T> extends SharedSenderBase {
  private readonly most: number;

  /** @internal */
  constructor(home: SharedHome, claim: number, most: number) {
    super(home, claim);
    this.most = most;
  }

  /**
   * As `mpsc.Sender.send`, first-in first-out across threads. Cancel-safe in that a value is sent or it is not; with one that is not,
   * what is owned of it is disposed: receivers, the sender of a `oneshot`.
   *
   * @throws {SendError} (from the poll) with the value, when the receiver is closed or dropped, or the value cannot be sent.
   * @throws {ClosedHandleError} when this was closed; from the poll, when it was before the first poll.
   */
  send(value: T): Future<void> {
    return new Send(this, value);
  }

  /**
   * Sends at once.
   *
   * @throws {TrySendError} with the value, when there is no room or the receiver is closed.
   * @throws {SendError} when the value cannot be sent. @throws {ClosedHandleError} when this was closed.
   */
  trySend(value: T): void {
    const answer = sendWritten(this.home, this.written(value, "value"));
    if (answer !== SENT) throw new TrySendError(value, answer === GONE);
  }

  /** As `mpsc.Sender.reserve`. Cancel-safe; the place in the line is lost. @throws {SendError} when the receiver is closed. */
  reserve(): Future<SharedPermit<T>> {
    return new Reserve<T>(this, 1, siteOf(this.reserve));
  }

  /**
   * As `mpsc.Sender.reserveMany`. Cancel-safe; the place in the line is lost.
   *
   * @param count a whole number from 0 to the capacity. @throws {CapacityError} at the call.
   * @throws {SendError} (from the poll) when the receiver is closed.
   */
  reserveMany(count: number): Future<SharedPermits<T>> {
    checkWhole("reserveMany(count)", count, 0, this.most);
    return new ReserveMany<T>(this, count, siteOf(this.reserveMany));
  }

  /**
   * As `mpsc.Sender.reserveOwned`: the permit takes this sender along, and gives it back as another handle. This one is closed from
   * then on, and not before: dropping the future leaves it as it was.
   *
   * @throws {SendError} (from the poll) with this sender, when the receiver is closed.
   * @throws {ClosedHandleError} (from the poll) when this sender was closed or taken meanwhile.
   */
  reserveOwned(): Future<SharedOwnedPermit<T>> {
    return new ReserveOwned<T>(this, siteOf(this.reserveOwned));
  }

  /** Takes permits for hands: a claim. @throws {TrySendError} with `refused` */
  private takeRoom(count: number, refused: unknown): number {
    const { object } = this;
    this.home.settleLeases();
    const answer = claimed(this.home.core.tryAcquirePermits(object, count));
    const state = answer & STATE_MASK;
    if (state === HELD) return answer & ~STATE_MASK;
    if (state === BROKEN) throw new BrokenError();
    throw new TrySendError(refused, state === CLOSED);
  }

  /** Takes room at once. @throws {TrySendError} without a value, when there is none or the receiver is closed. */
  tryReserve(): SharedPermit<T> {
    return new SharedPermit(this.home, this.takeRoom(1, undefined), siteOf(this.tryReserve));
  }

  /**
   * Takes room for `count` values at once.
   *
   * @param count a whole number from 0 to the capacity. @throws {CapacityError} otherwise. @throws {TrySendError} without a value.
   */
  tryReserveMany(count: number): SharedPermits<T> {
    checkWhole("tryReserveMany(count)", count, 0, this.most);
    return new SharedPermits(
      this.home,
      this.takeRoom(count, undefined),
      siteOf(this.tryReserveMany),
    );
  }

  /** Takes room at once, and this sender along, see {@link reserveOwned}. @throws {TrySendError} with this sender. */
  tryReserveOwned(): SharedOwnedPermit<T> {
    const claim = this.takeRoom(1, this);
    return new SharedOwnedPermit(this.home, claim, this.moved(), siteOf(this.tryReserveOwned));
  }

  /** @internal Another handle in place of this one, which is closed (S2). */
  moved(): SharedSender<T> {
    return new SharedSender(this.home, this.surrender(), this.most);
  }

  /** @internal */
  isOpen(): boolean {
    return this.isHeld();
  }

  /** Room that is there for who asks now: none while somebody waits for some. @throws {ClosedHandleError} when this was closed. */
  capacity(): number {
    const { object } = this;
    this.home.settleLeases();
    return this.home.core.availablePermits(object);
  }

  /** The capacity that the channel was made with. */
  maxCapacity(): number {
    return this.most;
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this was closed. */
  clone(): SharedSender<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedSender(this.home, claim, this.most);
  }

  /** A handle that does not keep the channel open. @throws {ClosedHandleError} when this was closed. */
  downgrade(): SharedWeakSender<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_WEAK));
    return new SharedWeakSender(this.home, claim, this.most);
  }

  /** @internal */
  override extra(): unknown {
    return this.most;
  }
}

/** Sends into a shared unbounded channel. `Send`; methods as those of `mpsc.UnboundedSender`. */
export class SharedUnboundedSender<T> extends SharedSenderBase {
  /**
   * Sends; there is always room.
   *
   * @throws {SendError} with the value, when the receiver is gone or it cannot be sent. @throws {ClosedHandleError} when this was closed.
   */
  send(value: T): void {
    if (sendWritten(this.home, this.written(value, "value")) !== SENT) throw new SendError(value);
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this was closed. */
  clone(): SharedUnboundedSender<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedUnboundedSender(this.home, claim);
  }

  /** A handle that does not keep the channel open. @throws {ClosedHandleError} when this was closed. */
  downgrade(): SharedWeakSender<T, SharedUnboundedSender<T>> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_WEAK));
    return new SharedWeakSender(this.home, claim, 0);
  }
}

/** A sender that does not keep the channel open. `Send`. */
export class SharedWeakSender<T, S = SharedSender<T>> extends SharedHandle {
  /** 0: of an unbounded channel. */
  private readonly most: number;

  /** @internal */
  constructor(home: SharedHome, claim: number, most: number) {
    super(home, claim);
    this.most = most;
  }

  protected override describe(): string {
    return "a weak sender";
  }

  protected override instead(): string {
    return "make one for each owner with `downgrade()`";
  }

  /** A sender, or undefined once all of them are gone. @throws {ClosedHandleError} when this was disposed. */
  upgrade(): S | undefined {
    const claim = this.home.core.upgradeWeak(this.object);
    if (claim === 0) return undefined;
    const sender =
      this.most === 0
        ? new SharedUnboundedSender<T>(this.home, claim)
        : new SharedSender<T>(this.home, claim, this.most);
    return sender as S;
  }

  /** Senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was disposed. */
  strongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  /** Weak senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was disposed. */
  weakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  /** @internal */
  override extra(): unknown {
    return this.most;
  }
}

class ReserveOwned<T> extends Acquiring<SharedOwnedPermit<T>> {
  private readonly sender: SharedSender<T>;
  private readonly site: string | undefined;
  constructor(sender: SharedSender<T>, site: string | undefined) {
    super(sender, 1);
    this.sender = sender;
    this.site = site;
  }
  protected override what(): string {
    return "mpsc.reserveOwned()";
  }
  protected override acquired(claim: number): SharedOwnedPermit<T> {
    const { home, sender, site } = this;
    if (sender.isOpen()) return new SharedOwnedPermit(home, claim, sender.moved(), site);
    this.release(claim);
    throw new ClosedHandleError("a sender");
  }
  protected override closed(): never {
    throw new SendError(this.sender);
  }
}

/** A permit that holds its sender: for passing both on. */
export class SharedOwnedPermit<T> implements Owned {
  private readonly permit: SharedPermit<T>;
  private sender: SharedSender<T> | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "use it here, and send the value";
  }

  /** @internal */
  constructor(home: SharedHome, claim: number, sender: SharedSender<T>, site: string | undefined) {
    this.permit = new SharedPermit(home, claim, site, "OwnedPermit");
    this.sender = sender;
  }

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
  }

  private held(): SharedSender<T> {
    if (this.sender === undefined) throw usedPermit("an owned permit");
    return this.sender;
  }

  /**
   * Sends without waiting and gives the sender back.
   *
   * @throws {ClosedHandleError} when used twice. @throws {SendError} when the value cannot be sent: the permit is still to be used then.
   */
  send(value: T): SharedSender<T> {
    const sender = this.held();
    this.permit.send(value);
    this.sender = undefined;
    return sender;
  }

  /** Gives the room back, and the sender. @throws {ClosedHandleError} when used twice. */
  release(): SharedSender<T> {
    const sender = this.held();
    this.sender = undefined;
    this.permit[Symbol.dispose]();
    return sender;
  }

  /** Whether both are for the same channel. @throws {ClosedHandleError} when one of them was used. */
  sameChannel(other: SharedOwnedPermit<T>): boolean {
    return this.held().sameChannel(other.held());
  }

  /** Whether it is for the channel that `sender` sends into. @throws {ClosedHandleError} when one of them was used. */
  sameChannelAsSender(sender: SharedSender<T>): boolean {
    return this.held().sameChannel(sender);
  }

  /** Gives the room back and disposes the sender. Harmless when done twice. */
  [Symbol.dispose](): void {
    if (this.sender !== undefined) this.release()[Symbol.dispose]();
  }
}
