// The receiving side. There is one receiver.

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
import { checkLimit } from "../checks.js";
import { ClosedHandleError, TryRecvError } from "../errors.js";
import { returnTether, type Tether, takeTether } from "../tether.js";
import { type Channel, RECEIVER } from "./channel.js";

// Futures hold the receiver and not only its channel: one that waits must not be taken for lost (tether.ts, T1).

class Recv<T> extends Future<T | undefined> {
  private readonly receiver: Receiver<T>;
  private done: boolean;

  constructor(receiver: Receiver<T>) {
    super();
    this.receiver = receiver;
    this.done = false;
  }

  override poll(cx: Context): Poll<T | undefined> {
    if (this.done) throw new PolledAfterCompletionError("recv");
    const value = pollReceive(this.receiver.channel, cx, this);
    if (value !== Pending) this.done = true;
    return value;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T | undefined> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  override waitsFor(): string {
    return this.receiver.channel.describeReceive("mpsc.recv()");
  }

  override [Symbol.dispose](): void {
    this.receiver.channel.clearReceiver(this);
    this.done = true;
  }
}

class RecvMany<T> extends Future<T[]> {
  private readonly receiver: Receiver<T>;
  private readonly limit: number;
  private done: boolean;

  constructor(receiver: Receiver<T>, limit: number) {
    super();
    this.receiver = receiver;
    this.limit = limit;
    this.done = false;
  }

  override poll(cx: Context): Poll<T[]> {
    if (this.done) throw new PolledAfterCompletionError("recvMany");
    const values = pollReceiveMany(this.receiver.channel, this.limit, cx, this);
    if (values !== Pending) this.done = true;
    return values;
  }

  override waitsFor(): string {
    return this.receiver.channel.describeReceive(`mpsc.recvMany(${this.limit})`);
  }

  override [Symbol.dispose](): void {
    this.receiver.channel.clearReceiver(this);
    this.done = true;
  }
}

function pollReceive<T>(channel: Channel<T>, cx: Context, future: object): Poll<T | undefined> {
  if (channel.values.length > 0) return proceed(cx) ? channel.take() : Pending;
  if (channel.isDrained()) return proceed(cx) ? undefined : Pending;
  channel.setReceiver(cx.waker, future);
  return Pending;
}

function pollReceiveMany<T>(
  channel: Channel<T>,
  limit: number,
  cx: Context,
  future: object,
): Poll<T[]> {
  const count = Math.min(limit, channel.values.length);
  if (count > 0 || limit === 0 || channel.isDrained())
    return proceed(cx) ? channel.takeMany(count) : Pending;
  channel.setReceiver(cx.waker, future);
  return Pending;
}

/**
 * Receives from a channel. Disposing it closes the channel and drops what is queued: guards, permits and ends of channels that are
 * queued, or stand right inside of an object or array that is, are disposed. One that is lost to the garbage collector does the
 * same, late.
 *
 * A value that is `undefined` looks like the end to whoever receives one at a time; `recvMany` and `tryRecv` tell them apart.
 *
 * `for await (const value of receiver)` works in async functions.
 */
export class Receiver<T> implements Disposable, AsyncIterable<T> {
  /** @internal */
  readonly channel: Channel<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `mpsc.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
    this.tether = takeTether(channel.distant, RECEIVER);
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  /** The channel, of a receiver that has not been disposed. */
  private opened(): Channel<T> {
    if (this.tether === undefined)
      throw new ClosedHandleError("a receiver", "there is only one of it; hand it on undisposed");
    return this.channel;
  }

  /** Waits for the next value; undefined once the channel is closed, empty, and no permit is out. Cancel-safe. */
  recv(): Future<T | undefined> {
    this.opened();
    return new Recv(this);
  }

  /**
   * Waits until there is a value and takes up to `limit`; an empty array once the channel is closed and empty, or for a
   * limit of 0. One unit of budget, however many. Cancel-safe.
   *
   * @throws {CapacityError} at the call, when the limit is no whole number from 0 on.
   */
  recvMany(limit: number): Future<T[]> {
    checkLimit("recvMany", limit);
    this.opened();
    return new RecvMany(this, limit);
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link recvMany} */
  pollRecvMany(cx: Context, limit: number): Poll<T[]> {
    checkLimit("pollRecvMany", limit);
    return pollReceiveMany(this.opened(), limit, cx, this);
  }

  /** Polls for the next value; keeps the waker of the last poll. */
  pollRecv(cx: Context): Poll<T | undefined> {
    return pollReceive(this.opened(), cx, this);
  }

  /** Takes a value that is there. @throws {TryRecvError} when there is none. */
  tryRecv(): T {
    const channel = this.opened();
    if (channel.values.length > 0) return channel.take();
    throw new TryRecvError(channel.isDrained());
  }

  /** Values that wait to be received. */
  len(): number {
    return this.channel.values.length;
  }

  /** Whether no value waits to be received. */
  isEmpty(): boolean {
    return this.channel.values.length === 0;
  }

  /** Whether no new value can be sent: closed here, or every sender gone. */
  isClosed(): boolean {
    return this.channel.isClosed() || this.channel.strong === 0;
  }

  /** Room that is there for who asks now: none while somebody waits for some. */
  capacity(): number {
    return this.channel.available;
  }

  /** The capacity the channel was made with; Infinity for an unbounded one. */
  maxCapacity(): number {
    return this.channel.capacity;
  }

  /** Senders that have not been disposed. */
  senderStrongCount(): number {
    return this.channel.strong;
  }

  /** Weak senders that have not been disposed. */
  senderWeakCount(): number {
    return this.channel.weak;
  }

  /** Refuses new values. What is queued, and what permits that are out will send, can still be received. */
  close(): void {
    this.channel.close();
  }

  /** For `for await`. Leaving the loop early closes the channel, as disposing does. */
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

  [Symbol.dispose](): void {
    const tether = this.tether;
    if (tether === undefined) return;
    this.tether = undefined;
    returnTether(tether);
    this.channel.closeAndDrain();
  }
}
