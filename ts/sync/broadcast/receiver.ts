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
import { ClosedHandleError, LaggedError, RecvError, TryRecvError } from "../errors.js";
import { Listener } from "../listeners.js";
import { returnTether, type Tether, type TetherRecord, takeTether } from "../tether.js";
import { type Channel, RECEIVER } from "./channel.js";
import { allReceived } from "./refusals.js";

/** Where one receiver stands. */
class Cursor<T> {
  readonly channel: Channel<T>;
  readonly listener: Listener = new Listener();
  private tether: Tether | undefined;

  constructor(channel: Channel<T>) {
    this.channel = channel;
    this.tether = takeTether(channel.distant, RECEIVER);
    this.tether.record.position = channel.tail;
    channel.receivers += 1;
  }

  get isOpen(): boolean {
    return this.tether !== undefined;
  }

  /** The record of a receiver that has not been disposed; its position is that of the value to receive next. */
  private opened(): TetherRecord {
    if (this.tether !== undefined) return this.tether.record;
    throw new ClosedHandleError(
      "a broadcast receiver",
      "make one for each owner with `resubscribe()`",
    );
  }

  assertOpen(): void {
    this.opened();
  }

  /** How many values were sent that it has not received. */
  len(): number {
    return this.channel.tail - this.opened().position;
  }

  /** The next value. Only when there is one. @throws {LaggedError} when it was overwritten; moves to the oldest kept. */
  take(): T {
    const record = this.opened();
    const { position } = record;
    const { oldest } = this.channel;
    if (position < oldest) {
      record.position = oldest;
      throw new LaggedError(oldest - position);
    }
    record.position = position + 1;
    return this.channel.receive(position);
  }

  /** @param future by whose name it waits. */
  poll(cx: Context, future: object): Poll<T> {
    if (this.len() > 0) return proceed(cx) ? this.take() : Pending;
    if (this.channel.isClosed()) {
      if (!proceed(cx)) return Pending;
      throw allReceived();
    }
    this.listener.join(this.channel.waiting, future, cx.waker);
    return Pending;
  }

  close(): void {
    const { channel, listener, tether } = this;
    if (tether === undefined) return;
    const { position } = tether.record;
    this.tether = undefined;
    returnTether(tether);
    channel.waiting.remove(listener);
    channel.dropReceiver(position);
    // Futures that wait by this receiver hear of its end at their next poll.
    listener.wake();
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
 * lets go of what it has not received; one that is lost to the garbage collector does so too, late.
 *
 * `for await (const value of receiver)` works in async functions.
 */
export class Receiver<T> implements Disposable, AsyncIterable<T> {
  private readonly cursor: Cursor<T>;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `broadcast.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>) {
    this.cursor = new Cursor(channel);
  }

  /** @internal */
  get "~owned"(): true {
    return true;
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
    if (cursor.len() === 0) throw new TryRecvError(cursor.channel.isClosed());
    return cursor.take();
  }

  /** Values sent and not received here; those that were overwritten meanwhile count. */
  len(): number {
    const { cursor } = this;
    return cursor.isOpen ? cursor.len() : 0;
  }

  /** Whether there is nothing to receive here. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Whether every sender is gone. Values may be left to receive. */
  isClosed(): boolean {
    return this.cursor.channel.isClosed();
  }

  /** Senders that have not been disposed. */
  senderStrongCount(): number {
    return this.cursor.channel.strong;
  }

  /** Weak senders that have not been disposed. */
  senderWeakCount(): number {
    return this.cursor.channel.weak;
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
    this.cursor.close();
  }
}
