// The sending side of a watch channel.

import type { Future } from "../../future/index.js";
import { AllGone } from "../all-gone.js";
import { checkFunction } from "../checks.js";
import { ClosedHandleError } from "../errors.js";
import { returnTether, type Tether, takeTether } from "../tether.js";
import { AT_ONCE, type AtOnce, checkAtOnce } from "./at-once.js";
import { type Channel, SENDER, Slot } from "./channel.js";
import { Receiver } from "./receiver.js";
import { noReceiver } from "./refusals.js";

/** @throws {SyncArgumentError} */
function change<T, R>(argument: string, channel: Channel<T>, modify: (slot: Slot<T>) => R): R {
  checkFunction(argument, modify, AT_ONCE);
  const slot = new Slot(channel);
  try {
    const result = modify(slot);
    checkAtOnce(argument, modify, result);
    return result;
  } finally {
    slot.release();
  }
}

/** Changes the value that receivers watch. One for each owner: `clone()`. One that is lost to the garbage collector closes, late. */
export class Sender<T> implements Disposable {
  /** @internal */
  readonly shared: Channel<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `watch.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>) {
    this.shared = channel;
    this.tether = takeTether(channel.distant, SENDER);
  }

  /** The channel, of a handle that has not been given up. */
  private channel(): Channel<T> {
    if (this.tether === undefined) throw new ClosedHandleError("a watch sender");
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
    if (channel.receivers === 0) throw noReceiver(value);
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
   * @param modify writes `slot.value`, or changes the object that it finds there. What it has written stays if it throws, and then
   *   nobody is told.
   * @throws what `modify` throws. @throws {ClosedHandleError} when this sender was disposed.
   * @throws {SyncArgumentError} when `modify` is no function, or one that waits: async functions and coroutines are refused, by type too.
   */
  sendModify<R>(modify: (slot: { value: T }) => R, ..._refused: AtOnce<R>): void {
    const channel = this.channel();
    change("sendModify(modify)", channel, modify);
    channel.changed();
  }

  /**
   * The same, and receivers are told only if `modify` returns true.
   *
   * @returns what `modify` returned. @throws as {@link sendModify}
   */
  sendIfModified(modify: (slot: { value: T }) => boolean): boolean {
    const channel = this.channel();
    const modified = change("sendIfModified(modify)", channel, modify);
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
    return new AllGone(this, "watch.closed()");
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

  /** Another sender, for another owner. @throws {ClosedHandleError} when this sender was disposed. */
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
    const tether = this.tether;
    if (tether === undefined) return;
    this.tether = undefined;
    returnTether(tether);
    this.shared.dropSender();
  }
}
