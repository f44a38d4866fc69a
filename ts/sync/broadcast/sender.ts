// The sending side of a broadcast channel.

import type { Future } from "../../future/index.js";
import { AllGone } from "../all-gone.js";
import { ClosedHandleError } from "../errors.js";
import { returnTether, type Tether, takeTether } from "../tether.js";
import { type Channel, SENDER, WEAK_SENDER } from "./channel.js";
import { Receiver } from "./receiver.js";

/** Sends to every receiver. One for each owner: `clone()`. One that is lost to the garbage collector closes, late. */
export class Sender<T> implements Disposable {
  /** @internal */
  readonly shared: Channel<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `broadcast.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>) {
    this.shared = channel;
    this.tether = takeTether(channel.distant, SENDER);
  }

  /** The channel, of a handle that has not been given up. */
  private channel(): Channel<T> {
    if (this.tether === undefined) throw new ClosedHandleError("a broadcast sender");
    return this.shared;
  }

  /**
   * Sends to every receiver that there is now; never waits. A full channel loses its oldest value.
   *
   * @returns how many receivers there are.
   * @throws {SendError} with the value, when there is none; one may come later, see {@link subscribe}.
   * @throws {ClosedHandleError} when this sender was disposed.
   */
  send(value: T): number {
    return this.channel().send(value);
  }

  /** A receiver of what is sent from now on. @throws {ClosedHandleError} when this sender was disposed. */
  subscribe(): Receiver<T> {
    return new Receiver(this.channel());
  }

  /** Values that some receiver has not received yet. */
  len(): number {
    return this.shared.len();
  }

  /** Whether every receiver has received everything. */
  isEmpty(): boolean {
    return this.shared.len() === 0;
  }

  /** Receivers that have not been disposed. */
  receiverCount(): number {
    return this.shared.receivers;
  }

  /** Waits until there is no receiver. Cancel-safe. */
  closed(): Future<void> {
    return new AllGone(this, "broadcast.closed()");
  }

  /** Senders that have not been disposed. */
  strongCount(): number {
    return this.shared.strong;
  }

  /** Weak senders that have not been disposed. */
  weakCount(): number {
    return this.shared.weak;
  }

  /** Whether both send into the same channel. */
  sameChannel(other: Sender<T>): boolean {
    return this.shared === other.shared;
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this sender was disposed. */
  clone(): Sender<T> {
    const channel = this.channel();
    channel.strong += 1;
    return new Sender(channel);
  }

  /** A handle that does not keep the channel open. @throws {ClosedHandleError} when this sender was disposed. */
  downgrade(): WeakSender<T> {
    return new WeakSender(this.channel());
  }

  /** Gives the handle up. When the last one is, receivers get what is left and then a `RecvError`. */
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

/** A sender that does not keep the channel open. */
export class WeakSender<T> implements Disposable {
  private readonly channel: Channel<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `broadcast.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
    this.tether = takeTether(channel.distant, WEAK_SENDER);
    channel.weak += 1;
  }

  /** A sender, or undefined once all of them are gone. @throws {ClosedHandleError} when this was disposed. */
  upgrade(): Sender<T> | undefined {
    if (this.tether === undefined)
      throw new ClosedHandleError(
        "a weak broadcast sender",
        "make one for each owner with `downgrade()`",
      );
    if (this.channel.isClosed()) return undefined;
    this.channel.strong += 1;
    return new Sender(this.channel);
  }

  /** Senders that have not been disposed. */
  strongCount(): number {
    return this.channel.strong;
  }

  /** Weak senders that have not been disposed. */
  weakCount(): number {
    return this.channel.weak;
  }

  [Symbol.dispose](): void {
    const tether = this.tether;
    if (tether === undefined) return;
    this.tether = undefined;
    returnTether(tether);
    this.channel.weak -= 1;
  }
}
