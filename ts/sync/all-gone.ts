// closed() of channels with any number of receivers: waits until there is none. They may come back, so it is no end.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  Waker,
} from "../future/index.js";
import { type WaitList, WaitNode } from "./waiters.js";

/** A channel, as the futures see it that wait for its last receiver to go. */
export interface Abandonable {
  /** How many there are. */
  readonly receivers: number;
  /** Who waits for the last one to go. */
  readonly closing: WaitList;
}

/** A sender of such a channel. */
export interface AbandonableSender {
  readonly shared: Abandonable;
}

/** Completes at a poll that finds no receiver. Cancel-safe. */
export class AllGone extends Future<void> {
  /** The handle and not only its channel: one that waits must not be taken for lost (tether.ts, T1). */
  private readonly sender: AbandonableSender;
  private readonly what: string;
  private node: WaitNode | undefined;
  private done: boolean;

  /** @param what what it is called in reports, for example `watch.closed()`. */
  constructor(sender: AbandonableSender, what: string) {
    super();
    this.sender = sender;
    this.what = what;
    this.node = undefined;
    this.done = false;
  }

  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError(this.what);
    if (this.sender.shared.receivers > 0) {
      this.wait(cx.waker);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this[Symbol.dispose]();
  }

  private wait(waker: Waker): void {
    this.node ??= new WaitNode(waker);
    this.node.waker = waker;
    // Woken before, it has left the list; a receiver may have come since.
    if (!this.node.linked) this.sender.shared.closing.push(this.node);
  }

  override waitsFor(): string {
    return this.what;
  }

  override [Symbol.dispose](): void {
    this.done = true;
    const node = this.node;
    if (node === undefined) return;
    this.node = undefined;
    this.sender.shared.closing.remove(node);
    // It may have been taken from the list by a wake that is under way.
    node.waker = Waker.noop();
  }
}

/** Wakes who waits for the last receiver, which has gone. */
export function wakeClosing(channel: Abandonable): void {
  for (const node of channel.closing.takeAll()) node.waker.wake();
}
