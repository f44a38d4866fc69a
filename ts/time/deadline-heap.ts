// Values with deadlines, in the order in which they come out of a DelayQueue. Knows no clock.
//
// H1  `heap` holds the slot of every entry, ordered by deadline and, for equal ones, by who was filed first; `positions` says
//     where in it a slot stands. So filing, moving and removing cost O(log n), looking at the next O(1).
// H2  A key is a slot and the low bits of the number of the insertion: the key of an entry that is gone names none, however
//     often its slot is used again, until half a billion insertions later.
//
// A binary heap and not a wheel: a hundred thousand entries are seventeen levels, and nothing has to be moved as time passes.

import { LimitError } from "../runtime/errors.js";

declare const keyBrand: unique symbol;

/** Names an entry of a `DelayQueue` as long as it is there. */
export type DelayKey = number & { readonly [keyBrand]: never };

const MOST_ENTRIES = 2 ** 24;
const GENERATIONS = 2 ** 29;

export const NOWHERE = -1;

export class DeadlineHeap<T> {
  private heap: number[] = [];
  private free: number[] = [];
  private values: (T | undefined)[] = [];
  private deadlines: number[] = [];
  /** Counts filings; the entry filed first goes first among equals. */
  private orders: number[] = [];
  private keys: number[] = [];
  private positions: number[] = [];
  private inserted = 0;
  private filed = 0;

  get size(): number {
    return this.heap.length;
  }

  insert(value: T, deadline: number): DelayKey {
    const slot = this.free.pop() ?? this.positions.length;
    if (slot >= MOST_ENTRIES) throw new LimitError("entry of a delay queue", MOST_ENTRIES);
    this.inserted = (this.inserted + 1) % GENERATIONS;
    const key = this.inserted * MOST_ENTRIES + slot;
    this.values[slot] = value;
    this.keys[slot] = key;
    this.positions[slot] = this.heap.length;
    this.heap.push(slot);
    this.file(slot, deadline);
    return key as DelayKey;
  }

  /** The slot that a key names, or NOWHERE. */
  slotOf(key: unknown): number {
    if (typeof key !== "number" || !Number.isSafeInteger(key) || key < 0) return NOWHERE;
    const slot = key % MOST_ENTRIES;
    return this.keys[slot] === key ? slot : NOWHERE;
  }

  /** The slot that is due first. Only of entries that are not empty. */
  first(): number {
    return this.heap[0] as number;
  }

  deadlineOf(slot: number): number {
    return this.deadlines[slot] as number;
  }

  keyOf(slot: number): DelayKey {
    return this.keys[slot] as DelayKey;
  }

  /** Gives an entry a deadline, and the last place among those with the same. */
  file(slot: number, deadline: number): void {
    this.deadlines[slot] = deadline;
    this.filed += 1;
    this.orders[slot] = this.filed;
    this.settle(slot);
  }

  remove(slot: number): T {
    const removed = this.values[slot] as T;
    const position = this.positions[slot] as number;
    const last = this.heap.pop() as number;
    if (last !== slot) {
      this.put(last, position);
      this.settle(last);
    }
    this.values[slot] = undefined;
    this.keys[slot] = NOWHERE;
    this.positions[slot] = NOWHERE;
    this.free.push(slot);
    return removed;
  }

  clear(): void {
    this.heap = [];
    this.free = [];
    this.values = [];
    this.deadlines = [];
    this.orders = [];
    this.keys = [];
    this.positions = [];
  }

  /** Gives every entry another deadline; among equals the order stays. */
  refile(deadlineOf: (slot: number) => number): void {
    for (const slot of this.heap) this.deadlines[slot] = deadlineOf(slot);
    // What is sorted is a heap.
    this.heap.sort((a, b) => (this.isBefore(a, b) ? -1 : 1));
    this.heap.forEach((slot, position) => {
      this.positions[slot] = position;
    });
  }

  private put(slot: number, position: number): void {
    this.heap[position] = slot;
    this.positions[slot] = position;
  }

  private isBefore(a: number, b: number): boolean {
    const difference = this.deadlineOf(a) - this.deadlineOf(b);
    if (difference !== 0) return difference < 0;
    return (this.orders[a] as number) < (this.orders[b] as number);
  }

  /** Moves an entry up or down to where it belongs. */
  private settle(slot: number): void {
    this.sink(slot, this.rise(slot));
  }

  private rise(slot: number): number {
    let position = this.positions[slot] as number;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const other = this.heap[above] as number;
      if (!this.isBefore(slot, other)) break;
      this.put(other, position);
      position = above;
    }
    this.put(slot, position);
    return position;
  }

  private sink(slot: number, from: number): void {
    const count = this.heap.length;
    let position = from;
    for (let below = 2 * position + 1; below < count; below = 2 * position + 1) {
      const right = below + 1;
      if (right < count && this.isBefore(this.heap[right] as number, this.heap[below] as number))
        below = right;
      const other = this.heap[below] as number;
      if (!this.isBefore(other, slot)) break;
      this.put(other, position);
      position = below;
    }
    this.put(slot, position);
  }
}
