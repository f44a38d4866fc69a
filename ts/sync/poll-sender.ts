// PollSender: an mpsc sender for hand-written futures and sinks, which poll for room first and send when they have it.
//
// P1  At most one of: a wait for room, room that is held.
// P2  Closed while room is held: that room may still be used once, or given back; then it is over.

import { type Context, type Future, Pending, type Poll } from "../future/index.js";
import { ClosedHandleError, NotReservedError, SendError } from "./errors.js";
import type { Sender } from "./mpsc/index.js";

/** What {@link PollSender} needs of a permit. */
export interface PollablePermit<T> extends Disposable {
  send(value: T): void;
}

/** What {@link PollSender} needs of a sender. */
export interface PollableSender<T> extends Disposable {
  reserve(): Future<PollablePermit<T>>;
  clone(): PollableSender<T>;
}

/** Sends into a bounded channel by polling: {@link pollReserve} until there is room, then {@link sendItem}. Owns its sender. */
export class PollSender<T, S extends PollableSender<T> = Sender<T>> implements Disposable {
  private sender: S | undefined;
  private reserving: Future<PollablePermit<T>> | undefined = undefined;
  private permit: PollablePermit<T> | undefined = undefined;
  /** The receiver is closed, as a reservation has found. */
  private refused = false;

  /** @param sender belongs to this from now on, and is closed with it. */
  constructor(sender: S & PollableSender<T>) {
    this.sender = sender;
  }

  /**
   * Polls for room for one value; ready while it is held. A pending one keeps its place in the line from poll to poll, and the waker
   * of the last.
   *
   * @throws {SendError} without a value, when this is closed, or the receiver is.
   */
  pollReserve(cx: Context): Poll<void> {
    if (this.permit !== undefined) return;
    if (this.sender === undefined || this.refused) throw new SendError(undefined);
    this.reserving ??= this.sender.reserve();
    const permit = this.pollPermit(cx, this.reserving);
    if (permit === Pending) return Pending;
    this.reserving = undefined;
    this.permit = permit;
  }

  private pollPermit(cx: Context, reserving: Future<PollablePermit<T>>): Poll<PollablePermit<T>> {
    try {
      return reserving.poll(cx);
    } catch (error) {
      this.reserving = undefined;
      this.refused = true;
      throw error;
    }
  }

  /**
   * Sends, into the room that `pollReserve` has got. The receiver may have closed since.
   *
   * @throws {NotReservedError} with the value, when there is no room held. @throws {SendError} with the value, when this is closed.
   */
  sendItem(value: T): void {
    const permit = this.permit;
    if (permit === undefined)
      throw this.isClosed() ? new SendError(value) : new NotReservedError(value);
    this.permit = undefined;
    permit.send(value);
  }

  /** Gives back the room that is held, or the place in the line. Returns whether there was either. */
  abortSend(): boolean {
    const { reserving, permit } = this;
    this.reserving = undefined;
    this.permit = undefined;
    reserving?.[Symbol.dispose]();
    permit?.[Symbol.dispose]();
    return reserving !== undefined || permit !== undefined;
  }

  /** Whether it was closed, or has found the receiver closed. */
  isClosed(): boolean {
    return this.sender === undefined || this.refused;
  }

  /**
   * Gives up its sender, and its place in the line. Room that is held may still be used by one `sendItem`; {@link abortSend} gives it
   * back.
   */
  close(): void {
    const { sender, reserving } = this;
    this.sender = undefined;
    this.reserving = undefined;
    reserving?.[Symbol.dispose]();
    sender?.[Symbol.dispose]();
  }

  /** The sender, or undefined once closed. Still owned by this: `clone()` it for another owner. */
  getRef(): S | undefined {
    return this.sender;
  }

  /** Another one, with a sender of its own, and no room. @throws {ClosedHandleError} when this is closed. */
  clone(): PollSender<T, S> {
    if (this.sender === undefined) throw new ClosedHandleError("a PollSender");
    return new PollSender<T, S>(this.sender.clone() as S);
  }

  /** Closes, and gives back the room that is held. */
  [Symbol.dispose](): void {
    this.close();
    this.abortSend();
  }
}
