// The receiver of a shared channel: the one that takes values out of it, one by one, many at a time, or by a lease (lease.ts).
//
// R1  Values come in the order in which they were sent, as far as threads have one.
// R2  A wait that is dropped has taken nothing.

import {
  type Context,
  type Future,
  type Owned,
  Pending,
  type Poll,
  proceed,
  refund,
  requireContext,
  type Suspension,
  suspend,
} from "../../../future/index.js";
import { checkLimit } from "../../checks.js";
import { BrokenError, TryRecvError } from "../../errors.js";
import { WaitList } from "../../waiters.js";
import { DRAINED, MOST_AT_ONCE, OUTCOME_BYTES, OUTCOME_EMPTY, SHATTERED } from "../core.js";
import { SharedHandle } from "../handle.js";
import type { SharedHome, Unreadable } from "../home.js";
import { Listening, PolledByHand } from "../waits.js";
import { Lease } from "./lease.js";

function lookLater(cx: Context): Pending {
  cx.waker.wakeDeferred();
  return Pending;
}

/** What waits for values. */
abstract class Receiving<T, R> extends Listening<R> {
  protected readonly receiver: SharedReceiver<T>;
  constructor(receiver: SharedReceiver<T>) {
    super(receiver);
    this.receiver = receiver;
  }

  /** What it gives when no value can come. */
  protected abstract none(): R;

  /** A receiver that was disposed has ended the channel, for those who wait by it too. */
  override poll(cx: Context): Poll<R> {
    if (this.done || !this.receiver.isEnded()) return super.poll(cx);
    this.end();
    return this.none();
  }
}

class Recv<T> extends Receiving<T, T | undefined> {
  protected override what(): string {
    return "mpsc.recv()";
  }

  /** The common case has a value: one look, and nothing to give back. */
  override poll(cx: Context): Poll<T | undefined> {
    const { receiver } = this;
    if (this.claim !== 0 || this.done || receiver.isEnded()) return super.poll(cx);
    this.assertPollable();
    if (receiver.isAhead()) return lookLater(cx);
    if (!proceed(cx)) return Pending;
    const value = receiver.take(0, 0, 0);
    if (value === Pending) {
      refund();
      return receiver.isPatient() ? lookLater(cx) : super.poll(cx);
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

  protected override none(): undefined {
    return undefined;
  }

  protected override look(listener: number, slot: number, generation: number): Poll<T | undefined> {
    return this.receiver.take(listener, slot, generation);
  }
}

class RecvMany<T> extends Receiving<T, T[]> {
  /** May be another at each poll. */
  limit: number;
  constructor(receiver: SharedReceiver<T>, limit: number) {
    super(receiver);
    this.limit = limit;
  }
  protected override what(): string {
    return `mpsc.recvMany(${this.limit})`;
  }
  protected override none(): T[] {
    return [];
  }
  protected override look(listener: number, slot: number, generation: number): Poll<T[]> {
    if (this.limit === 0) return [];
    const first = this.receiver.take(listener, slot, generation);
    if (first === Pending) return Pending;
    return this.receiver.takeMore(first, this.limit);
  }
}

/** Receives from a shared channel. `Send`, by moving; methods as those of `mpsc.Receiver`. */
export class SharedReceiver<T> extends SharedHandle implements Owned, AsyncIterable<T> {
  /** 0: of an unbounded channel. */
  private readonly most: number;
  private polling: PolledByHand<Recv<T>> | undefined = undefined;
  private pollingMany: PolledByHand<RecvMany<T>> | undefined = undefined;
  override readonly waits: WaitList = new WaitList();
  private readonly lease: Lease<T> = new Lease(this);
  /** Whether the last value taken was the end: `undefined` may be sent too. */
  private ended = false;
  private hasMoved = false;
  /** Why a value among many could not be read: told at the next look, the others having been given. */
  private failure: Unreadable | undefined = undefined;

  /** @internal */
  constructor(home: SharedHome, claim: number, most: number) {
    super(home, claim);
    this.most = most;
  }

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
  }

  protected override describe(): string {
    return "a receiver";
  }

  protected override instead(): string {
    return "there is only one of it, and one that was sent is the other thread's";
  }

  /** @internal Whether it was disposed, and not sent to another thread, where it goes on. */
  isEnded(): boolean {
    return !this.isHeld() && !this.hasMoved;
  }

  /** @internal Whether the next look is better made a little later. */
  isAhead(): boolean {
    return this.lease.isAhead();
  }

  /** @internal The same, after a look that found nothing. */
  isPatient(): boolean {
    return this.lease.isPatient();
  }

  /** @internal One look. */
  take(listener: number, slot: number, generation: number): Poll<T | undefined> {
    const { lease } = this;
    if (lease.hasNext()) return lease.takeLeased();
    if (this.failure === undefined && lease.renew()) return lease.takeLeased();
    return this.look(listener, slot, generation);
  }

  /** One look past the lease. */
  private look(listener: number, slot: number, generation: number): Poll<T | undefined> {
    const { home, lease } = this;
    if (this.failure !== undefined) this.fail(this.failure.error);
    const outcome = home.core.receive(this.object, listener, slot, generation);
    this.ended = outcome === DRAINED;
    if (outcome > OUTCOME_EMPTY) {
      lease.found(outcome >= OUTCOME_BYTES);
      return home.read(outcome) as T;
    }
    if (outcome === SHATTERED) throw new BrokenError();
    return outcome === OUTCOME_EMPTY ? Pending : undefined;
  }

  private fail(error: unknown): never {
    this.failure = undefined;
    throw error;
  }

  /** @internal Up to `limit` values, of which the first has been taken. */
  takeMore(first: T | undefined, limit: number): T[] {
    if (this.ended) return [];
    this.lease.settle();
    const values = [first as T];
    while (values.length < limit && this.failure === undefined) {
      const wanted = Math.min(limit - values.length, MOST_AT_ONCE);
      const count = this.home.core.receiveMany(this.object, wanted);
      if (count > 0) this.failure = this.home.readBatch(count, values, values.length);
      if (count < wanted) break;
    }
    return values;
  }

  /**
   * Waits for the next value; undefined once the channel is closed, empty, and no permit is out, or this is disposed. Cancel-safe.
   *
   * @throws {ClosedHandleError} when this was disposed, or sent to another thread. @throws {BrokenError}
   */
  recv(): Future<T | undefined> {
    return new Recv(this);
  }

  /**
   * As `mpsc.Receiver.recvMany`: one look into shared memory for up to 63 values. A value that cannot be read fails the next call, and
   * does not keep back the others. Cancel-safe.
   *
   * @throws {CapacityError} at the call, when the limit is no whole number from 0 on. @throws as {@link recv}
   */
  recvMany(limit: number): Future<T[]> {
    checkLimit("recvMany", limit);
    return new RecvMany(this, limit);
  }

  /** `recv` by hand; keeps the waker of the last poll. @throws as {@link recv} */
  pollRecv(cx: Context): Poll<T | undefined> {
    this.held();
    this.polling ??= new PolledByHand(() => new Recv(this));
    return this.polling.poll(cx);
  }

  /** `recvMany` by hand; keeps the waker of the last poll. @throws as {@link recvMany} */
  pollRecvMany(cx: Context, limit: number): Poll<T[]> {
    checkLimit("pollRecvMany", limit);
    this.held();
    this.pollingMany ??= new PolledByHand(() => new RecvMany(this, 0));
    this.pollingMany.current().limit = limit;
    return this.pollingMany.poll(cx);
  }

  /**
   * Takes a value that is there. It has left the queue when this returns: a receiver that looks by hand may not come back soon.
   *
   * @throws {TryRecvError} when there is none. @throws {ClosedHandleError} when this was disposed. @throws {BrokenError}
   */
  tryRecv(): T {
    this.held();
    this.lease.settle();
    try {
      const value = this.look(0, 0, 0);
      if (value === Pending || this.ended) throw new TryRecvError(this.ended);
      return value as T;
    } finally {
      this.home.settle();
    }
  }

  /** Values that wait to be received; 0 once this is disposed. */
  len(): number {
    if (!this.isHeld()) return 0;
    const { object } = this;
    this.home.settleLeases();
    return this.home.core.queueLengthOf(object);
  }

  /** Whether no value waits to be received. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Whether no new value can be sent: closed here, or every sender gone. */
  isClosed(): boolean {
    if (!this.isHeld()) return true;
    const { core } = this.home;
    return core.isClosedObject(this.object) !== 0 || core.strongOf(this.object) === 0;
  }

  /** Room that is there for who asks now: none while somebody waits for some; Infinity without bound. @throws {ClosedHandleError} when this was disposed. */
  capacity(): number {
    const { object } = this;
    this.home.settleLeases();
    return this.most === 0 ? Number.POSITIVE_INFINITY : this.home.core.availablePermits(object);
  }

  /** The capacity that the channel was made with; Infinity without bound. */
  maxCapacity(): number {
    return this.most === 0 ? Number.POSITIVE_INFINITY : this.most;
  }

  /** Senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was disposed. */
  senderStrongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  /** Weak senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was disposed. */
  senderWeakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  /** Refuses new values. What is queued, and what permits that are out will send, can still be received. Harmless when done twice. */
  close(): void {
    if (!this.isHeld()) return;
    this.lease.settle();
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

  /** @internal */
  override extra(): unknown {
    return this.most;
  }

  /** @internal */
  override departed(): void {
    this.hasMoved = true;
    super.departed();
  }

  /** @internal */
  override sent(): unknown {
    this.lease.settle();
    return super.sent();
  }

  override [Symbol.dispose](): void {
    this.lease.settle();
    this.home.leases.delete(this.lease);
    super[Symbol.dispose]();
    this.polling?.[Symbol.dispose]();
    this.pollingMany?.[Symbol.dispose]();
  }
}
