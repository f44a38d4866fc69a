// The receiver of a shared channel: the one that takes values out of it, one by one, many at a time, or by a lease (lease.ts).
//
// R1  Values come in the order in which they were sent, as far as threads have one.
// R2  A wait that is dropped has taken nothing.

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
} from "../../../future/index.js";
import { BrokenError, CapacityError, TryRecvError } from "../../errors.js";
import { DRAINED, MOST_AT_ONCE, OUTCOME_BYTES, OUTCOME_EMPTY, SHATTERED } from "../core.js";
import { SharedHandle } from "../handle.js";
import type { SharedHome } from "../home.js";
import { Listening } from "../waits.js";
import { Lease } from "./lease.js";

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
export class SharedReceiver<T> extends SharedHandle implements AsyncIterable<T> {
  /** 0: of an unbounded channel. */
  private readonly most: number;
  private polling: Recv<T> | undefined = undefined;
  private readonly lease: Lease<T> = new Lease(this);
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

  /** @internal */
  isOpen(): boolean {
    return this.isHeld();
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
    const { home, lease } = this;
    if (lease.hasNext()) return lease.takeLeased();
    this.held();
    if (lease.renew()) return lease.takeLeased();
    const outcome = home.core.receive(this.object, listener, slot, generation);
    this.ended = outcome === DRAINED;
    if (outcome > OUTCOME_EMPTY) {
      lease.found(outcome >= OUTCOME_BYTES);
      return home.read(outcome) as T;
    }
    if (outcome === SHATTERED) throw new BrokenError();
    return outcome === OUTCOME_EMPTY ? Pending : undefined;
  }

  /** @internal Up to `limit` values, of which the first has been taken. */
  takeMore(first: T | undefined, limit: number): T[] {
    if (this.ended) return [];
    this.lease.settle();
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

  override extra(): unknown {
    return this.most;
  }

  override sent(): unknown {
    this.lease.settle();
    return super.sent();
  }

  override [Symbol.dispose](): void {
    this.lease.settle();
    this.home.leases.delete(this.lease);
    this.polling?.[Symbol.dispose]();
    this.polling = undefined;
    super[Symbol.dispose]();
  }
}
