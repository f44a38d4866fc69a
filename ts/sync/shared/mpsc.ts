// The shared twin of mpsc.

import {
  type Context,
  type Future,
  Pending,
  type Poll,
  proceed,
  refund,
  requireContext,
  type Suspension,
  suspend,
} from "../../future/index.js";
import {
  BrokenError,
  CapacityError,
  ClosedHandleError,
  SendError,
  SharedMemoryFullError,
  TryRecvError,
  TrySendError,
} from "../errors.js";
import {
  DRAINED,
  FULL,
  GONE,
  HELD,
  KIND_CHANNEL,
  MOST_AT_ONCE,
  OUTCOME_BYTES,
  OUTCOME_EMPTY,
  ROLE_SENDER,
  ROLE_WEAK,
  SENT,
  SHATTERED,
  STATE_MASK,
} from "./core.js";
import { SharedGuard } from "./guards.js";
import { checkWhole, claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome, type Leaseholder, type SharedHome } from "./home.js";
import { AwaitParting } from "./oneshot.js";
import { Acquiring, Listening } from "./waits.js";

/** A guess: shorter leases mean that the receiver is the faster one. */
const LONG_LEASE = 32;
/** Measured: fewer take the object from the sender more often, more are no gain. A turn with nothing to do is 0.4 microseconds. */
const PAUSES = 3;
const PATIENCE = 3;
const MAX_CAPACITY: number = 2 ** 29 - 1;

/** Sends what has just been written, into room that is free: SENT, FULL or GONE. @throws {SharedMemoryFullError} */
function sendWritten(home: SharedHome, object: number): number {
  let answer = home.core.send(object, home.outcome, home.number);
  if (answer === FULL && home.leases.size > 0) {
    home.settleLeases();
    answer = home.core.send(object, home.outcome, home.number);
  }
  if (answer !== SENT) home.discard();
  home.settle();
  if (answer > GONE) throw new SharedMemoryFullError();
  return answer;
}

/** Turns a permit of a claim into a value. */
function fulfil(home: SharedHome, claim: number, value: unknown): void {
  home.write(value, "value");
  if (home.core.fulfil(claim, home.outcome, home.number) !== SENT) {
    home.discard();
    throw new SharedMemoryFullError();
  }
  home.settle();
}

// ── Waiting for room ─────────────────────────────────────────────────────────────────────────────────────────────────────

class Send<T> extends Acquiring<void> {
  private readonly value: T;

  constructor(sender: SharedSender<T>, value: T) {
    super(sender, 1);
    this.value = value;
  }

  protected override what(): string {
    return "mpsc.send()";
  }

  /** The common case has room that nobody waits for: one step, without a permit in between. */
  override poll(cx: Context): Poll<void> {
    if (this.claim !== 0 || this.done) return super.poll(cx);
    this.assertPollable();
    if (!proceed(cx)) return Pending;
    this.home.write(this.value, "value");
    const answer = sendWritten(this.home, this.object);
    if (answer === FULL) return super.poll(cx);
    this.end();
    if (answer === GONE) throw this.closed();
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, void> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(claim: number): void {
    try {
      fulfil(this.home, claim, this.value);
    } finally {
      this.home.core.dropClaim(claim);
    }
  }

  protected override closed(): Error {
    return new SendError(this.value);
  }
}

class Reserve<T> extends Acquiring<SharedPermit<T>> {
  protected override what(): string {
    return "mpsc.reserve()";
  }
  protected override acquired(claim: number): SharedPermit<T> {
    return new SharedPermit(this.home, claim);
  }
  protected override closed(): Error {
    return new SendError(undefined);
  }
}

class ReserveMany<T> extends Acquiring<SharedPermits<T>> {
  protected override what(): string {
    return "mpsc.reserveMany()";
  }
  protected override acquired(claim: number): SharedPermits<T> {
    return new SharedPermits(this.home, claim);
  }
  protected override closed(): Error {
    return new SendError(undefined);
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
  protected override closed(): Error {
    return new SendError(this.sender);
  }
}

/** Room for one value, held until it is used or disposed. */
export class SharedPermit<T> extends SharedGuard {
  /** @internal */
  constructor(home: SharedHome, claim: number) {
    super(home, claim, "Permit", undefined);
  }

  /** Sends without waiting, even if the receiver has closed. @throws {SendError} when the value cannot be sent. */
  send(value: T): void {
    if (!this.isHeld()) throw new ClosedHandleError("a permit");
    const claim = this.held();
    fulfil(this.home, claim, value);
    this.release();
  }
}

/** Room for several values. Disposing gives back the room of those not taken. */
export class SharedPermits<T> extends SharedGuard implements Iterable<SharedPermit<T>> {
  /** @internal */
  constructor(home: SharedHome, claim: number) {
    super(home, claim, "Permits", undefined);
    if (home.core.heldPermits(claim) === 0) this.release();
  }

  /** Permits not yet taken. */
  len(): number {
    return this.isHeld() ? this.home.core.heldPermits(this.held()) : 0;
  }

  /** Takes a permit, or undefined when none is left. */
  take(): SharedPermit<T> | undefined {
    const left = this.len();
    if (left === 0) return undefined;
    if (left === 1) return new SharedPermit(this.home, this.surrender());
    return new SharedPermit(this.home, claimed(this.home.core.splitPermits(this.held(), 1)));
  }

  *[Symbol.iterator](): Generator<SharedPermit<T>, void, void> {
    for (let permit = this.take(); permit; permit = this.take()) yield permit;
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

// ── Senders ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    this.home.write(value, "value");
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
    this.home.write(value, "value");
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

// ── The receiver ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function lookLater(cx: Context): Pending {
  cx.waker.wakeDeferred();
  return Pending;
}

class Recv<T> extends Listening<T | undefined> {
  private readonly receiver: SharedReceiver<T>;
  constructor(receiver: SharedReceiver<T>) {
    super(receiver);
    this.receiver = receiver;
  }
  protected override what(): string {
    return "mpsc.recv()";
  }

  /** The common case has a value: one look, and nothing to give back. */
  override poll(cx: Context): Poll<T | undefined> {
    if (this.claim !== 0 || this.done) return super.poll(cx);
    this.assertPollable();
    if (this.receiver.isAhead()) return lookLater(cx);
    if (!proceed(cx)) return Pending;
    const value = this.receiver.take(0, 0, 0);
    if (value === Pending) {
      refund();
      return this.receiver.isPatient() ? lookLater(cx) : super.poll(cx);
    }
    this.done = true;
    this.home.settle();
    return value;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T | undefined> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override look(listener: number, slot: number, generation: number): Poll<T | undefined> {
    return this.receiver.take(listener, slot, generation);
  }
}

class RecvMany<T> extends Listening<T[]> {
  private readonly receiver: SharedReceiver<T>;
  private readonly limit: number;
  constructor(receiver: SharedReceiver<T>, limit: number) {
    super(receiver);
    this.receiver = receiver;
    this.limit = limit;
  }
  protected override what(): string {
    return "mpsc.recvMany()";
  }
  protected override look(listener: number, slot: number, generation: number): Poll<T[]> {
    if (this.limit === 0) return [];
    const first = this.receiver.take(listener, slot, generation);
    if (first === Pending) return Pending;
    return this.receiver.takeMore(first, this.limit);
  }
}

/** Receives from a shared channel. `Send`, by moving; methods as those of `mpsc.Receiver`. */
export class SharedReceiver<T> extends SharedHandle implements AsyncIterable<T>, Leaseholder {
  /** 0: of an unbounded channel. */
  private readonly most: number;
  private polling: Recv<T> | undefined = undefined;
  /** Other threads share the memory, and the last look found a value. */
  private isHot = false;
  /** Values of the queue that it has taken note of (assembly/core/shared/channel.ts, lease). */
  private readonly leased: T[] = [];
  private leaseAt = 0;
  private leaseEnd = 0;
  private leaseUsed = 0;
  /** Turns to let go by before the next look. */
  private pauses = 0;
  /** How often it may pause again before it joins the line. */
  private patience = 0;
  /** Whether the last value taken was the end: `undefined` may be sent too. */
  private ended = false;

  /** @internal */
  constructor(home: SharedHome, claim: number, most: number) {
    super(home, claim);
    this.most = most;
  }

  protected override describe(): string {
    return "a receiver";
  }

  protected override instead(): string {
    return "there is only one of it, and one that was sent is the other thread's";
  }

  /**
   * Whether to look a little later: the last lease was short, so the values that come fast from another thread are used faster than
   * they come. Looking at once, and each wait, would take the object away from the sender for longer than a message takes it.
   */
  isAhead(): boolean {
    if (this.pauses > 0) {
      this.pauses -= 1;
      return true;
    }
    const usedUp = this.leaseEnd > 0 && this.leaseAt === this.leaseEnd;
    if (!usedUp || this.leaseEnd >= LONG_LEASE) return false;
    this.settleLease();
    return this.pause();
  }

  private pause(): true {
    this.pauses = PAUSES - 1;
    return true;
  }

  /** Whether to pause once more, although the last look found nothing. */
  isPatient(): boolean {
    if (this.isHot && this.patience > 0) {
      this.patience -= 1;
      return this.pause();
    }
    this.isHot = false;
    return false;
  }

  /** @internal One look. */
  take(listener: number, slot: number, generation: number): Poll<T | undefined> {
    if (this.leaseAt < this.leaseEnd) return this.takeLeased();
    this.held();
    const { home } = this;
    if (this.isHot && this.renewLease()) {
      this.patience = PATIENCE;
      return this.takeLeased();
    }
    const outcome = home.core.receive(this.object, listener, slot, generation);
    this.ended = outcome === DRAINED;
    if (outcome > OUTCOME_EMPTY) {
      // Blocks are not leased.
      this.isHot = outcome < OUTCOME_BYTES && home.isShared();
      return home.read(outcome) as T;
    }
    if (outcome === SHATTERED) throw new BrokenError();
    return outcome === OUTCOME_EMPTY ? Pending : undefined;
  }

  private takeLeased(): T {
    const value = this.leased[this.leaseAt] as T;
    if (this.leaseUsed === 0) this.home.leases.add(this);
    this.leaseAt += 1;
    this.leaseUsed += 1;
    return value;
  }

  /** Takes note of what is queued, if that is much; whether it was. */
  private renewLease(): boolean {
    const { home, leased } = this;
    const count = home.core.lease(this.object, this.leaseUsed);
    this.leaseUsed = 0;
    this.leaseAt = 0;
    this.leaseEnd = count;
    for (let index = 0; index < count; index++) leased[index] = home.readBatch(index) as T;
    home.settle();
    return count > 0;
  }

  /** What was used leaves the queue, and the rest of the lease is forgotten: it is there still. */
  settleLease(): void {
    const used = this.leaseUsed;
    this.leaseUsed = 0;
    this.leaseAt = 0;
    this.leaseEnd = 0;
    if (used === 0 || !this.isHeld()) return;
    this.home.core.receiveUsed(this.object, used);
    this.home.settle();
  }

  /** @internal Up to `limit` values, of which the first has been taken. */
  takeMore(first: T | undefined, limit: number): T[] {
    if (this.ended) return [];
    this.settleLease();
    const values = [first as T];
    while (values.length < limit) {
      const wanted = Math.min(limit - values.length, MOST_AT_ONCE);
      const count = this.home.core.receiveMany(this.object, wanted);
      for (let index = 0; index < count; index++) values.push(this.home.readBatch(index) as T);
      if (count < wanted) break;
    }
    return values;
  }

  /** Waits for the next value; undefined once the channel is closed, empty, and no permit is out. Cancel-safe. */
  recv(): Future<T | undefined> {
    this.held();
    return new Recv(this);
  }

  /** As `mpsc.Receiver.recvMany`: one look into shared memory for up to 63 values. @throws {CapacityError} at the call. */
  recvMany(limit: number): Future<T[]> {
    this.held();
    if (!Number.isInteger(limit) || limit < 0)
      throw new CapacityError("recvMany(limit)", limit, "a whole number that is not negative");
    return new RecvMany(this, limit);
  }

  /** Polls for the next value; keeps the waker of the last poll. */
  pollRecv(cx: Context): Poll<T | undefined> {
    this.polling ??= new Recv(this);
    const value = this.polling.poll(cx);
    if (value !== Pending) this.polling = undefined;
    return value;
  }

  /** Takes a value that is there. @throws {TryRecvError} when there is none. */
  tryRecv(): T {
    const value = this.take(0, 0, 0);
    this.home.settle();
    if (value === Pending || this.ended) throw new TryRecvError(this.ended);
    return value as T;
  }

  /** Values that wait to be received. */
  len(): number {
    this.home.settleLeases();
    return this.home.core.queueLengthOf(this.object);
  }

  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Whether no new value can be sent: closed here, or every sender gone. */
  isClosed(): boolean {
    const { core } = this.home;
    return core.isClosedObject(this.object) !== 0 || core.strongOf(this.object) === 0;
  }

  /** Room that is free now. */
  capacity(): number {
    this.home.settleLeases();
    return this.most === 0
      ? Number.POSITIVE_INFINITY
      : this.home.core.availablePermits(this.object);
  }

  maxCapacity(): number {
    return this.most === 0 ? Number.POSITIVE_INFINITY : this.most;
  }

  /** Refuses new values. What is queued, and what permits that are out will send, can still be received. */
  close(): void {
    this.held();
    this.settleLease();
    this.home.core.closeObject(this.object);
    this.home.settle();
  }

  /** For `for await`. Leaving the loop early disposes the receiver. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const value = await this.recv();
        if (value === undefined) return;
        yield value;
      }
    } finally {
      this[Symbol.dispose]();
    }
  }

  override extra(): unknown {
    return this.most;
  }

  override sent(): unknown {
    this.settleLease();
    return super.sent();
  }

  override [Symbol.dispose](): void {
    this.settleLease();
    this.home.leases.delete(this);
    this.polling?.[Symbol.dispose]();
    this.polling = undefined;
    super[Symbol.dispose]();
  }
}

interface Ends<T> {
  readonly home: SharedHome;
  readonly sender: number;
  readonly receiver: SharedReceiver<T>;
}

function newChannel<T>(capacity: number): Ends<T> {
  const home = currentHome();
  const claim = claimed(home.core.newObject(KIND_CHANNEL, capacity, capacity));
  const { sender, receiver } = newEnds(home, claim);
  return { home, sender, receiver: new SharedReceiver(home, receiver, capacity) };
}

/** @throws {CapacityError} */
export function sharedChannel<T>(capacity: number): [SharedSender<T>, SharedReceiver<T>] {
  checkWhole("mpsc.shared(capacity)", capacity, 1, MAX_CAPACITY);
  const { home, sender, receiver } = newChannel<T>(capacity);
  return [new SharedSender(home, sender, capacity), receiver];
}

export function sharedUnboundedChannel<T>(): [SharedUnboundedSender<T>, SharedReceiver<T>] {
  const { home, sender, receiver } = newChannel<T>(0);
  return [new SharedUnboundedSender(home, sender), receiver];
}
