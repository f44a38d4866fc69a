// The state that the handles of one broadcast channel share: a ring of the last values.
//
// B1  Values have positions 0, 1, 2, …; `tail` is the next one. The ring keeps the last `capacity` of them: slot = position & mask.
// B2  A slot counts the receivers that were there when its value was sent and have not received it. The last one to do so, or
//     to go away, clears the slot: a value lives no longer than somebody may receive it.
// B3  Receivers receive in the order of positions, so the slots that nobody needs come before those that somebody does.
// B4  A receiver that stands before the oldest kept value has lagged: it is told once how many it missed, and moved there.
// B5  What a receiver is told when it is closed comes after everything that was sent.
// B6  An end that is lost to the garbage collector closes; where a receiver stands is in its tether's record.
//
// What is overwritten, or left by the last receiver, is not disposed: every receiver gets the same value by reference, and one that
// has it may be using it.

import { wakeClosing } from "../all-gone.js";
import { type Listener, wakeAll } from "../listeners.js";
import { Distant, type Losable } from "../tether.js";
import { WaitList, type WaitNode } from "../waiters.js";
import { noReceiver } from "./refusals.js";

/** The ends, as tethers tell them apart. */
export const SENDER = 0;
export const WEAK_SENDER = 1;
export const RECEIVER = 2;

export class Channel<T> implements Losable {
  readonly capacity: number;
  /** What the tethers of its ends know it by. */
  readonly distant: Distant;
  private readonly mask: number;
  /** Grows to the capacity with the first values. */
  private readonly values: (T | undefined)[] = [];
  /** Who still needs the value of a slot (B2). */
  private readonly needed: number[] = [];
  tail = 0;
  receivers = 0;
  strong = 1;
  weak = 0;
  readonly waiting: WaitList<Listener> = new WaitList();
  readonly closing: WaitList<WaitNode> = new WaitList("the receivers of a broadcast to go");

  /** @param capacity a power of two. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.distant = new Distant(this);
  }

  isClosed(): boolean {
    return this.strong === 0;
  }

  /** The position of the oldest value that is kept. */
  get oldest(): number {
    return Math.max(0, this.tail - this.capacity);
  }

  /** Sends to all receivers that there are; returns how many. */
  send(value: T): number {
    const { receivers } = this;
    if (receivers === 0) throw noReceiver(value);
    const slot = this.tail & this.mask;
    this.values[slot] = value;
    this.needed[slot] = receivers;
    this.tail += 1;
    wakeAll(this.waiting);
    return receivers;
  }

  /** The value at a position that is kept, for a receiver that needed it. */
  receive(position: number): T {
    const slot = position & this.mask;
    const value = this.values[slot] as T;
    this.release(slot);
    return value;
  }

  private release(slot: number): void {
    const left = (this.needed[slot] as number) - 1;
    this.needed[slot] = left;
    if (left === 0) this.values[slot] = undefined;
  }

  /** A receiver goes that would have received from `position` on. */
  dropReceiver(position: number): void {
    for (let at = Math.max(position, this.oldest); at < this.tail; at++)
      this.release(at & this.mask);
    this.receivers -= 1;
    if (this.receivers === 0) wakeClosing(this);
  }

  dropSender(): void {
    this.strong -= 1;
    if (this.strong === 0) wakeAll(this.waiting);
  }

  lose(end: number, position: number): void {
    if (end === SENDER) this.dropSender();
    else if (end === WEAK_SENDER) this.weak -= 1;
    else this.dropReceiver(position);
  }

  /** How many values somebody still needs: by bisection, see B3. */
  len(): number {
    let from = this.oldest;
    let to = this.tail;
    while (from < to) {
      const middle = from + Math.floor((to - from) / 2);
      if (this.needed[middle & this.mask] === 0) from = middle + 1;
      else to = middle;
    }
    return this.tail - from;
  }
}
