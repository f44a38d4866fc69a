// A receiving side of a broadcast channel: a position among the values, and the futures that wait by it.

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
import { wakeClosing } from "../all-gone.js";
import { ClosedHandleError, LaggedError, RecvError, TryRecvError } from "../errors.js";
import { Listener } from "../listeners.js";
import type { Channel } from "./channel.js";

function closed(): RecvError {
  return new RecvError("channel closed: every sender is gone, and every value has been received");
}

/** Where one receiver stands. */
class Cursor<T> {
  readonly channel: Channel<T>;
  readonly listener: Listener = new Listener();
  /** The position of the value to receive next. */
  next: number;
  open = true;

  constructor(channel: Channel<T>) {
    this.channel = channel;
    this.next = channel.tail;
    channel.receivers += 1;
  }

  assertOpen(): void {
    if (!this.open)
      throw new ClosedHandleError(
        "a broadcast receiver",
        "make one for each owner with `resubscribe()`",
      );
  }

  isEmpty(): boolean {
    return this.next === this.channel.tail;
  }

  /** The next value. Only when there is one. @throws {LaggedError} when it was overwritten; moves to the oldest kept. */
  take(): T {
    const { oldest } = this.channel;
    const skipped = oldest - this.next;
    if (skipped > 0) {
      this.next = oldest;
      throw new LaggedError(skipped);
    }
    const position = this.next;
    this.next += 1;
    return this.channel.receive(position);
  }

  /** @param future by whose name it waits. */
  poll(cx: Context, future: object): Poll<T> {
    this.assertOpen();
    if (!this.isEmpty()) return proceed(cx) ? this.take() : Pending;
    if (this.channel.isClosed()) {
      if (!proceed(cx)) return Pending;
      throw closed();
    }
    this.listener.join(this.channel.waiting, future, cx.waker);
    return Pending;
  }

  close(): void {
    const { channel, listener } = this;
    this.open = false;
    channel.waiting.remove(listener);
    channel.dropReceiver(this.next);
    // Futures that wait by this receiver hear of its end at their next poll.
    listener.wake();
    if (channel.receivers === 0) wakeClosing(channel);
  }
}

class Recv<T> extends Future<T> {
  private readonly cursor: Cursor<T>;
  private done: boolean;

  constructor(cursor: Cursor<T>) {
    super();
    this.cursor = cursor;
    this.done = false;
  }

  override poll(cx: Context): Poll<T> {
    if (this.done) throw new PolledAfterCompletionError("broadcast recv()");
    let ended = true;
    try {
      const value = this.cursor.poll(cx, this);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this[Symbol.dispose]();
    }
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  override waitsFor(): string {
    return "broadcast.recv()";
  }

  override [Symbol.dispose](): void {
    this.done = true;
    this.cursor.listener.leave(this);
  }
}

/**
 * Receives every value that is sent from when it was made on, as long as it keeps up with the channel's capacity. Disposing it
 * lets go of what it has not received.
 *
 * `for await (const value of receiver)` works in async functions.
 */
export class Receiver<T> implements Disposable, AsyncIterable<T> {
  private readonly cursor: Cursor<T>;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.cursor = new Cursor(channel);
  }

  /**
   * Waits for the next value. Every receiver gets the same value, not a copy. Cancel-safe.
   *
   * @throws {LaggedError} (from the poll) once, when values were overwritten before they were received; the next `recv` gives
   *   the oldest that is kept.
   * @throws {RecvError} (from the poll) when every sender is gone and every value was received.
   * @throws {ClosedHandleError} when this receiver was disposed.
   */
  recv(): Future<T> {
    this.cursor.assertOpen();
    return new Recv(this.cursor);
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link recv} */
  pollRecv(cx: Context): Poll<T> {
    return this.cursor.poll(cx, this);
  }

  /**
   * Takes a value that is there.
   *
   * @throws {TryRecvError} when there is none, or none any more. @throws {LaggedError} as {@link recv}
   * @throws {ClosedHandleError} when this receiver was disposed.
   */
  tryRecv(): T {
    const { cursor } = this;
    cursor.assertOpen();
    if (cursor.isEmpty()) throw new TryRecvError(cursor.channel.isClosed());
    return cursor.take();
  }

  /** Values sent and not received here; those that were overwritten meanwhile count. */
  len(): number {
    const { cursor } = this;
    return cursor.open ? cursor.channel.tail - cursor.next : 0;
  }

  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Whether every sender is gone. Values may be left to receive. */
  isClosed(): boolean {
    return this.cursor.channel.isClosed();
  }

  /** Another receiver, of what is sent from now on. Works for one that is disposed too. */
  resubscribe(): Receiver<T> {
    return new Receiver(this.cursor.channel);
  }

  /** Whether both receive from the same channel. */
  sameChannel(other: Receiver<T>): boolean {
    return this.cursor.channel === other.cursor.channel;
  }

  /**
   * For `for await`. Ends when the channel is closed. Leaving the loop early disposes the receiver; a `LaggedError` that comes out
   * of the loop does not: begin another loop to go on.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    let lagged = false;
    try {
      for (;;) yield await this.recv();
    } catch (error) {
      if (error instanceof RecvError) return;
      lagged = error instanceof LaggedError;
      throw error;
    } finally {
      if (!lagged) this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    if (this.cursor.open) this.cursor.close();
  }
}
