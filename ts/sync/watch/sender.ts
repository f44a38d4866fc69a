// The sending side of a watch channel.

import type { Future } from "../../future/index.js";
import { AllGone } from "../all-gone.js";
import { ClosedHandleError, SendError } from "../errors.js";
import { type Channel, Slot } from "./channel.js";
import { Receiver } from "./receiver.js";

function modify<T, R>(channel: Channel<T>, fn: (slot: Slot<T>) => R): R {
  const slot = new Slot(channel);
  try {
    return fn(slot);
  } finally {
    slot.release();
  }
}

/** Changes the value that receivers watch. One for each owner: `clone()`. */
export class Sender<T> implements Disposable {
  private readonly shared: Channel<T>;
  private open = true;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.shared = channel;
  }

  /** The channel, of a handle that has not been given up. */
  private channel(): Channel<T> {
    if (!this.open) throw new ClosedHandleError("a watch sender");
    return this.shared;
  }

  /**
   * Replaces the value, if somebody watches it.
   *
   * @throws {SendError} with the value, which is not stored, when there is no receiver; see {@link sendReplace}.
   * @throws {ClosedHandleError} when this sender was disposed.
   */
  send(value: T): void {
    const channel = this.channel();
    if (channel.receivers === 0) throw new SendError(value);
    channel.replace(value);
  }

  /**
   * Replaces the value, whether or not there is a receiver.
   *
   * @returns the value that was there. @throws {ClosedHandleError} when this sender was disposed.
   */
  sendReplace(value: T): T {
    return this.channel().replace(value);
  }

  /**
   * Changes the value in place, whether or not there is a receiver.
   *
   * @param fn writes `slot.value`, or changes the object that it finds there. What it has written stays if it throws, and then
   *   nobody is told.
   * @throws what `fn` throws. @throws {ClosedHandleError} when this sender was disposed.
   */
  sendModify(fn: (slot: { value: T }) => void): void {
    const channel = this.channel();
    modify(channel, fn);
    channel.changed();
  }

  /**
   * The same, and receivers are told only if `fn` returns true.
   *
   * @returns what `fn` returned. @throws as {@link sendModify}
   */
  sendIfModified(fn: (slot: { value: T }) => boolean): boolean {
    const channel = this.channel();
    const modified = modify(channel, fn);
    if (modified) channel.changed();
    return modified;
  }

  /** The last value. @throws {ClosedHandleError} when this sender was disposed. */
  borrow(): T {
    return this.channel().value;
  }

  /** A receiver that has seen the current value. @throws {ClosedHandleError} when this sender was disposed. */
  subscribe(): Receiver<T> {
    return new Receiver(this.channel());
  }

  /** Whether there is no receiver now. One may come later, see {@link subscribe}. */
  isClosed(): boolean {
    return this.shared.receivers === 0;
  }

  /** Waits until there is no receiver. Cancel-safe. */
  closed(): Future<void> {
    return new AllGone(this.shared, "watch.closed()");
  }

  /** Receivers that have not been disposed. */
  receiverCount(): number {
    return this.shared.receivers;
  }

  /** Senders that have not been disposed. */
  senderCount(): number {
    return this.shared.senders;
  }

  /** Whether both send into the same channel. */
  sameChannel(other: Sender<T>): boolean {
    return this.shared === other.shared;
  }

  /** @throws {ClosedHandleError} when this sender was disposed. */
  clone(): Sender<T> {
    const channel = this.channel();
    channel.senders += 1;
    return new Sender(channel);
  }

  /** Gives the handle up. When the last one is, receivers that have seen the last value get a `RecvError`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    this.shared.dropSender();
  }
}
