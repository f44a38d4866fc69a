// The state that the handles of one watch channel share: the last value and how often it was changed.
//
// W1  A version is the number of changes so far. A receiver has seen the value whose version it has noted.
// W2  The value and its version are in place before anybody is woken.
// W3  A function that changes the value and throws leaves what it has written, and no new version: nobody is told.
// W4  A receiver is told that the channel is closed only when it has seen the last value.
// W5  An end that is lost to the garbage collector closes.
//
// A value that is replaced is not disposed: whoever has borrowed it may be using it.

import { wakeClosing } from "../all-gone.js";
import { ClosedHandleError } from "../errors.js";
import { type Listener, wakeAll } from "../listeners.js";
import { Distant, type Losable } from "../tether.js";
import { WaitList, type WaitNode } from "../waiters.js";

/** The ends, as tethers tell them apart. */
export const SENDER = 0;
export const RECEIVER = 1;

export class Channel<T> implements Losable {
  value: T;
  /** What the tethers of its ends know it by. */
  readonly distant: Distant;
  version = 0;
  senders = 1;
  receivers = 0;
  readonly waiting: WaitList<Listener> = new WaitList();
  readonly closing: WaitList<WaitNode> = new WaitList("the receivers of a watch to go");

  constructor(initial: T) {
    this.value = initial;
    this.distant = new Distant(this);
  }

  isClosed(): boolean {
    return this.senders === 0;
  }

  replace(value: T): T {
    const previous = this.value;
    this.value = value;
    this.changed();
    return previous;
  }

  /** A new version: everybody is told. */
  changed(): void {
    this.version += 1;
    wakeAll(this.waiting);
  }

  dropSender(): void {
    this.senders -= 1;
    if (this.senders === 0) wakeAll(this.waiting);
  }

  dropReceiver(): void {
    this.receivers -= 1;
    if (this.receivers === 0) wakeClosing(this);
  }

  lose(end: number): void {
    if (end === SENDER) this.dropSender();
    else this.dropReceiver();
  }
}

/** The value while a function changes it; what is written is the channel's at once. */
export class Slot<T> {
  private channel: Channel<T> | undefined;

  constructor(channel: Channel<T>) {
    this.channel = channel;
  }

  private opened(): Channel<T> {
    if (this.channel === undefined)
      throw new ClosedHandleError(
        "the slot of `sendModify` or `sendIfModified`",
        "use it before the function returns",
      );
    return this.channel;
  }

  get value(): T {
    return this.opened().value;
  }

  set value(value: T) {
    this.opened().value = value;
  }

  release(): void {
    this.channel = undefined;
  }
}
