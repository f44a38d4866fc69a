// Senders of a shared channel, and the permit that holds one.
//
// S1  The channel is open for as long as a sender is, on whatever thread. A weak sender does not keep it open, and its `upgrade` fails
//     once it is closed.

import type { Future } from "../../../future/index.js";
import { ClosedHandleError, SendError, TrySendError } from "../../errors.js";
import { GONE, HELD, ROLE_SENDER, ROLE_WEAK, SENT, STATE_MASK } from "../core.js";
import { SharedGuard } from "../guards.js";
import { checkWhole, claimed, SharedHandle } from "../handle.js";
import type { SharedHome } from "../home.js";
import { AwaitParting } from "../oneshot.js";
import { Acquiring } from "../waits.js";
import { fulfil, SharedPermit, type SharedPermits } from "./permits.js";
import { Reserve, ReserveMany, Send, sendWritten } from "./waiting.js";

abstract class SharedSenderBase extends SharedHandle {
  protected override describe(): string {
    return "a sender";
  }

  /** Whether the receiver was closed or dropped, so that sending would fail. */
  isClosed(): boolean {
    return this.home.core.isClosedObject(this.object) !== 0;
  }

  /** Waits until the receiver is closed or dropped. Cancel-safe. */
  closed(): Future<void> {
    this.held();
    return new AwaitParting(this);
  }

  /** Senders that have not been disposed, on all threads. */
  strongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  weakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  sameChannel(other: SharedSenderBase): boolean {
    return this.sameObject(other);
  }

  /** Values that wait to be received. */
  len(): number {
    this.home.settleLeases();
    return this.home.core.queueLengthOf(this.object);
  }

  /** Gives the handle up. */
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
   * As `mpsc.Sender.send`, first-in first-out across threads.
   *
   * @throws {SendError} (from the poll) with the value, when the receiver is closed or dropped, or the value cannot be sent.
   */
  send(value: T): Future<void> {
    this.held();
    return new Send(this, value);
  }

  /** Sends at once. @throws {TrySendError} with the value. @throws {SendError} when the value cannot be sent. */
  trySend(value: T): void {
    this.held();
    this.home.assertAlive();
    this.home.write(value, "the value");
    const answer = sendWritten(this.home, this.object);
    if (answer !== SENT) throw new TrySendError(value, answer === GONE);
  }

  /** As `mpsc.Sender.reserve`. */
  reserve(): Future<SharedPermit<T>> {
    this.held();
    return new Reserve<T>(this, 1);
  }

  /** As `mpsc.Sender.reserveMany`. @throws {CapacityError} at the call. */
  reserveMany(count: number): Future<SharedPermits<T>> {
    this.held();
    checkWhole("reserveMany(count)", count, 0, this.most);
    return new ReserveMany<T>(this, count);
  }

  /** As `mpsc.Sender.reserveOwned`. */
  reserveOwned(): Future<SharedOwnedPermit<T>> {
    this.held();
    return new ReserveOwned<T>(this);
  }

  /** Takes room at once. @throws {TrySendError} without a value. */
  tryReserve(): SharedPermit<T> {
    this.held();
    this.home.settleLeases();
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, 1));
    const state = answer & STATE_MASK;
    if (state !== HELD) throw new TrySendError(undefined, this.isClosed());
    return new SharedPermit(this.home, answer & ~STATE_MASK);
  }

  /** Room that is free now. */
  capacity(): number {
    this.home.settleLeases();
    return this.home.core.availablePermits(this.object);
  }

  maxCapacity(): number {
    return this.most;
  }

  clone(): SharedSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedSender(this.home, claim, this.most);
  }

  /** A handle that does not keep the channel open. */
  downgrade(): SharedWeakSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_WEAK));
    return new SharedWeakSender(this.home, claim, this.most);
  }

  override extra(): unknown {
    return this.most;
  }
}

/** Sends into a shared unbounded channel. `Send`; methods as those of `mpsc.UnboundedSender`. */
export class SharedUnboundedSender<T> extends SharedSenderBase {
  /** Sends; there is always room. @throws {SendError} with the value, when the receiver is gone or it cannot be sent. */
  send(value: T): void {
    this.held();
    this.home.assertAlive();
    this.home.write(value, "the value");
    if (sendWritten(this.home, this.object) !== SENT) throw new SendError(value);
  }

  clone(): SharedUnboundedSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedUnboundedSender(this.home, claim);
  }

  /** A handle that does not keep the channel open. */
  downgrade(): SharedWeakSender<T, SharedUnboundedSender<T>> {
    this.held();
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

  /** A sender, or undefined once all of them are gone. */
  upgrade(): S | undefined {
    this.held();
    const claim = this.home.core.upgradeWeak(this.object);
    if (claim === 0) return undefined;
    const sender =
      this.most === 0
        ? new SharedUnboundedSender<T>(this.home, claim)
        : new SharedSender<T>(this.home, claim, this.most);
    return sender as S;
  }

  strongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  weakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  override extra(): unknown {
    return this.most;
  }
}

/** A permit that holds its sender: for passing both on. */
export class SharedOwnedPermit<T> extends SharedGuard {
  private readonly sender: SharedSender<T>;

  /** @internal */
  constructor(home: SharedHome, claim: number, sender: SharedSender<T>) {
    super(home, claim, "OwnedPermit", undefined);
    this.sender = sender;
  }

  /** Sends without waiting and gives the sender back. @throws {ClosedHandleError} when used twice. */
  send(value: T): SharedSender<T> {
    if (!this.isHeld()) throw new ClosedHandleError("an owned permit");
    fulfil(this.home, this.held(), value);
    super.release();
    return this.sender;
  }

  /** Gives the room back; the sender stays as it was. */
  override release(): SharedSender<T> {
    if (!this.isHeld()) throw new ClosedHandleError("an owned permit");
    super.release();
    return this.sender;
  }

  /** Gives the room back and disposes the sender. */
  override [Symbol.dispose](): void {
    if (!this.isHeld()) return;
    super.release();
    this.sender[Symbol.dispose]();
  }
}

class ReserveOwned<T> extends Acquiring<SharedOwnedPermit<T>> {
  private readonly sender: SharedSender<T>;
  constructor(sender: SharedSender<T>) {
    super(sender, 1);
    this.sender = sender;
  }
  protected override what(): string {
    return "mpsc.reserveOwned()";
  }
  protected override acquired(claim: number): SharedOwnedPermit<T> {
    return new SharedOwnedPermit(this.home, claim, this.sender);
  }
  protected override closed(): never {
    throw new SendError(this.sender);
  }
}
