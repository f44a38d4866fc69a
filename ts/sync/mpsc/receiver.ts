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
import { CapacityError, ClosedHandleError, TryRecvError } from "../errors.js";
import type { Channel } from "./channel.js";

class Recv<T> extends Future<T | undefined> {
  private readonly channel: Channel<T>;
  private done: boolean;

  constructor(channel: Channel<T>) {
    super();
    this.channel = channel;
    this.done = false;
  }

  override poll(cx: Context): Poll<T | undefined> {
    if (this.done) throw new PolledAfterCompletionError("recv");
    const value = pollReceive(this.channel, cx, this);
    if (value !== Pending) this.done = true;
    return value;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T | undefined> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  override waitsFor(): string {
    return "mpsc.recv()";
  }

  override [Symbol.dispose](): void {
    this.channel.clearReceiver(this);
    this.done = true;
  }
}

class RecvMany<T> extends Future<T[]> {
  private readonly channel: Channel<T>;
  private readonly limit: number;
  private done: boolean;

  constructor(channel: Channel<T>, limit: number) {
    super();
    this.channel = channel;
    this.limit = limit;
    this.done = false;
  }

  override poll(cx: Context): Poll<T[]> {
    if (this.done) throw new PolledAfterCompletionError("recvMany");
    const { channel, limit } = this;
    const count = Math.min(limit, channel.values.length);
    if (count === 0 && limit > 0 && !channel.isDrained()) {
      channel.setReceiver(cx.waker, this);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.done = true;
    const values: T[] = [];
    for (let index = 0; index < count; index++) values.push(channel.take());
    return values;
  }

  override waitsFor(): string {
    return `mpsc.recvMany(${this.limit})`;
  }

  override [Symbol.dispose](): void {
    this.channel.clearReceiver(this);
    this.done = true;
  }
}

function pollReceive<T>(channel: Channel<T>, cx: Context, future: object): Poll<T | undefined> {
  if (channel.values.length > 0) return proceed(cx) ? channel.take() : Pending;
  if (channel.isDrained()) return proceed(cx) ? undefined : Pending;
  channel.setReceiver(cx.waker, future);
  return Pending;
}

/**
 * Receives from a channel. Disposing it closes the channel and drops what is queued.
 *
 * `for await (const value of receiver)` works in async functions.
 */
export class Receiver<T> implements Disposable, AsyncIterable<T> {
  private readonly channel: Channel<T>;
  private disposed = false;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
  }

  /** The channel, of a receiver that has not been disposed. */
  private opened(): Channel<T> {
    if (this.disposed) throw new ClosedHandleError("a receiver");
    return this.channel;
  }

  /** Waits for the next value; undefined once the channel is closed, empty, and no permit is out. Cancel-safe. */
  recv(): Future<T | undefined> {
    return new Recv(this.opened());
  }

  /**
   * Waits until there is a value and takes up to `limit`; an empty array once the channel is closed and empty, or for a
   * limit of 0. One unit of budget, however many. Cancel-safe.
   *
   * @throws {CapacityError} at the call, when the limit is no whole number from 0 on.
   */
  recvMany(limit: number): Future<T[]> {
    if (!Number.isInteger(limit) || limit < 0)
      throw new CapacityError("recvMany(limit)", limit, "a whole number that is not negative");
    return new RecvMany(this.opened(), limit);
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

  isEmpty(): boolean {
    return this.channel.values.length === 0;
  }

  /** Whether no new value can be sent: closed here, or every sender gone. */
  isClosed(): boolean {
    return this.channel.isClosed() || this.channel.strong === 0;
  }

  /** Room that is free now. */
  capacity(): number {
    return this.channel.available;
  }

  maxCapacity(): number {
    return this.channel.capacity;
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
    this.disposed = true;
    this.channel.closeAndDrain();
  }
}
