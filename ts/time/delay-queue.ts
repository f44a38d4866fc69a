// DelayQueue: values that come out when their time has come.
//
// Q1  `heap` holds the slot of every entry, ordered by deadline and, for equal ones, by who was filed first; `positions` says
//     where in it a slot stands. So filing, moving and removing cost O(log n), looking at the next O(1).
// Q2  A key is a slot and the low bits of the number of the insertion: the key of an entry that is gone names none, however
//     often its slot is used again, until half a billion insertions later.
// Q3  While somebody waits for entries that are not due, and only then, one sleep is set to the earliest deadline, whatever is
//     inserted, moved or removed.
// Q4  Whoever waits is woken when an entry is due and when the queue has become empty.
//
// A binary heap and not a wheel: a hundred thousand entries are seventeen levels, and nothing has to be moved as time passes.

import { host } from "#host";
import { type Duration, FAR_FUTURE_MS, toMillis } from "../future/duration.js";
import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  Waker,
  WakerSet,
} from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";
import { tryCurrentScheduler } from "../runtime/entered.js";
import { LimitError } from "../runtime/errors.js";
import type { Timers } from "../runtime/timers.js";
import { DeadlineTooFarError, UnknownKeyError } from "./errors.js";
import { Instant } from "./instant.js";
import { checkInstant, Sleep } from "./sleep.js";

declare const keyBrand: unique symbol;

/** Names an entry of a {@link DelayQueue} as long as it is there. */
export type DelayKey = number & { readonly [keyBrand]: never };

/** An entry that has come out of a {@link DelayQueue}. */
export interface Expired<T> {
  readonly value: T;
  /** When it was due. */
  readonly deadline: Instant;
  /** The key that it had. */
  readonly key: DelayKey;
}

const MOST_ENTRIES = 2 ** 24;
const GENERATIONS = 2 ** 29;

const NOWHERE = -1;

/** The entries, in the order in which they come out (Q1, Q2). Knows no clock. */
class Entries<T> {
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

  remove(slot: number): Expired<T> {
    const removed = {
      value: this.values[slot] as T,
      deadline: Instant.fromMillis(this.deadlineOf(slot)),
      key: this.keyOf(slot),
    };
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

  /** The clock by which deadlines are meant has turned out to be another. */
  shift(ms: number): void {
    for (const slot of this.heap) this.deadlines[slot] = this.deadlineOf(slot) + ms;
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

/** What the one sleep wakes. */
class Alarm extends Waker implements Context {
  private readonly ring: () => void;

  constructor(ring: () => void) {
    super();
    this.ring = ring;
  }

  get waker(): Waker {
    return this;
  }

  override wake(): void {
    this.ring();
  }
}

class Next<T> extends Future<Expired<T> | undefined> {
  private queue: DelayQueue<T> | undefined;

  constructor(queue: DelayQueue<T>) {
    super();
    this.queue = queue;
  }

  override poll(cx: Context): Poll<Expired<T> | undefined> {
    if (this.queue === undefined) throw new PolledAfterCompletionError("DelayQueue.next()");
    const expired = this.queue.pollExpired(cx, this);
    if (expired !== Pending) this.queue = undefined;
    return expired;
  }

  override waitsFor(): string {
    return `DelayQueue.next(), with ${this.queue?.len() ?? 0} entries`;
  }

  override [Symbol.dispose](): void {
    this.queue?.cancelNext(this);
    this.queue = undefined;
  }
}

/**
 * Values, each with a deadline, that come out in the order of their deadlines, never early; those with the same deadline in the
 * order in which they were given it. For many timeouts of one kind: a hundred thousand entries need one timer.
 *
 * ```ts
 * const sessions = new DelayQueue<string>();
 * const key = sessions.insert("alice", { minutes: 30 });
 * sessions.reset(key, { minutes: 30 }); // she did something
 * const { value } = (yield* sessions.next())!;
 * ```
 */
export class DelayQueue<T> implements Disposable {
  private readonly entries: Entries<T> = new Entries();
  private readonly waiting: WakerSet = new WakerSet();
  private readonly alarm: Alarm = new Alarm(() => this.wakeWaiting());
  private timers: Timers | undefined;
  private delay: Sleep | undefined;

  /** Takes the clock of the runtime that it is made in, else of the first that it is used in. */
  constructor() {
    this.timers = tryCurrentScheduler()?.timers;
  }

  /**
   * Puts a value in.
   *
   * @param after milliseconds from now, or a duration; 0 is due at once.
   * @returns the key of the entry.
   * @throws {DurationError} for what is no duration. @throws {DeadlineTooFarError} from 30 years on.
   * @throws {LimitError} when 2^24 entries are in.
   */
  insert(value: T, after: Duration): DelayKey {
    return this.add(value, this.deadlineAfter(after, "DelayQueue.insert(value, after)"));
  }

  /** Puts a value in that is due at a moment; one that has passed is due at once. Otherwise as {@link insert}. */
  insertAt(value: T, deadline: Instant): DelayKey {
    return this.add(value, this.deadlineAt(deadline, "DelayQueue.insertAt(value, deadline)"));
  }

  /**
   * Gives an entry another deadline.
   *
   * @param after milliseconds from now, or a duration.
   * @throws {UnknownKeyError} when the entry has expired or was removed. Otherwise as {@link insert}.
   */
  reset(key: DelayKey, after: Duration): void {
    const slot = this.slotOf(key, "DelayQueue.reset(key)");
    this.move(slot, this.deadlineAfter(after, "DelayQueue.reset(key, after)"));
  }

  /** Gives an entry another deadline. Otherwise as {@link reset}. */
  resetAt(key: DelayKey, deadline: Instant): void {
    const slot = this.slotOf(key, "DelayQueue.resetAt(key)");
    this.move(slot, this.deadlineAt(deadline, "DelayQueue.resetAt(key, deadline)"));
  }

  /** Takes an entry out before its time. @throws {UnknownKeyError} when it has expired or was removed. */
  remove(key: DelayKey): Expired<T> {
    return this.take(this.slotOf(key, "DelayQueue.remove(key)"));
  }

  /** Takes an entry out before its time; undefined when it has expired or was removed. */
  tryRemove(key: DelayKey): Expired<T> | undefined {
    const slot = this.entries.slotOf(key);
    return slot === NOWHERE ? undefined : this.take(slot);
  }

  /** When an entry is due. @throws {UnknownKeyError} when it has expired or was removed. */
  deadline(key: DelayKey): Instant {
    return Instant.fromMillis(
      this.entries.deadlineOf(this.slotOf(key, "DelayQueue.deadline(key)")),
    );
  }

  /** The key of the entry that is due next, or is due already; undefined when there is none. */
  peek(): DelayKey | undefined {
    return this.entries.size === 0 ? undefined : this.entries.keyOf(this.entries.first());
  }

  /** Drops every entry. Who waits gets undefined. */
  clear(): void {
    this.entries.clear();
    this.rearm();
  }

  /** Entries, those included that are due. */
  len(): number {
    return this.entries.size;
  }

  isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /**
   * Waits for the next entry that is due. An entry is inserted, moved or removed meanwhile as ever. Several may wait; an entry
   * comes out once. Cancel-safe.
   *
   * @returns the entry; undefined when the queue is or becomes empty. It is not closed then: more may be inserted.
   * @throws {NoRuntimeError} (from the poll) outside of every runtime. @throws {DriverDisabledError} in one without timers.
   * @throws {ShutdownError} (from the poll) once the runtime is shut down.
   */
  next(): Future<Expired<T> | undefined> {
    return new Next(this);
  }

  /**
   * Polls for the next entry that is due; otherwise as {@link next}.
   *
   * @param waiter who waits, each of whom has a waker of its own; who passes none shares one.
   */
  pollExpired(cx: Context, waiter: object = this): Poll<Expired<T> | undefined> {
    const timers = this.bind();
    const { entries } = this;
    if (entries.size > 0 && entries.deadlineOf(entries.first()) > timers.clock.now()) {
      this.waiting.set(waiter, cx.waker);
      this.arm(timers);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.cancelNext(waiter);
    return entries.size === 0 ? undefined : this.take(entries.first());
  }

  /** @internal A future waits no longer. */
  cancelNext(waiter: object): void {
    this.waiting.delete(waiter);
    if (this.waiting.isEmpty()) this.disarm();
  }

  /** What comes out, until the queue is empty: `for await (const { value } of queue)`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Expired<T>, void, void> {
    for (let next = await this.next(); next !== undefined; next = await this.next()) yield next;
  }

  /** Drops every entry, and gives the timer back. */
  [Symbol.dispose](): void {
    this.clear();
  }

  /** The runtime whose clock the deadlines are on. Until there is one they are on the host's. */
  private bind(): Timers {
    if (this.timers === undefined) {
      const { timers, clock } = currentScheduler("DelayQueue.next()");
      this.entries.shift(clock.now() - host.now());
      this.timers = timers;
    }
    this.timers.assertEnabled();
    if (this.timers.isClosed()) this.timers.refuse();
    return this.timers;
  }

  private now(): number {
    if (this.timers === undefined && tryCurrentScheduler() !== undefined) this.bind();
    return this.timers?.clock.now() ?? host.now();
  }

  private deadlineAfter(after: Duration, argument: string): number {
    const ms = toMillis(after, argument);
    if (ms >= FAR_FUTURE_MS) throw new DeadlineTooFarError(argument, after);
    return this.now() + ms;
  }

  private deadlineAt(deadline: Instant, argument: string): number {
    checkInstant(deadline, argument);
    if (deadline.valueOf() - this.now() >= FAR_FUTURE_MS)
      throw new DeadlineTooFarError(argument, deadline);
    return deadline.valueOf();
  }

  private slotOf(key: DelayKey, method: string): number {
    const slot = this.entries.slotOf(key);
    if (slot === NOWHERE) throw new UnknownKeyError(method, key);
    return slot;
  }

  private add(value: T, deadline: number): DelayKey {
    const key = this.entries.insert(value, deadline);
    this.rearm();
    return key;
  }

  private move(slot: number, deadline: number): void {
    this.entries.file(slot, deadline);
    this.rearm();
  }

  private take(slot: number): Expired<T> {
    const expired = this.entries.remove(slot);
    this.rearm();
    return expired;
  }

  /** Q3, Q4, after a change. */
  private rearm(): void {
    const { delay, entries } = this;
    if (delay === undefined) return;
    if (entries.size === 0) {
      this.wakeWaiting();
      return;
    }
    const deadline = entries.deadlineOf(entries.first());
    // One that has passed wakes at once.
    if (deadline !== delay.deadline().valueOf()) delay.reset(Instant.fromMillis(deadline));
  }

  /** Somebody has begun to wait. */
  private arm(timers: Timers): void {
    if (this.delay !== undefined) return;
    const delay = new Sleep(timers, this.entries.deadlineOf(this.entries.first()), false);
    this.delay = delay;
    if (delay.poll(this.alarm) !== Pending) this.wakeWaiting();
  }

  private disarm(): void {
    this.delay?.[Symbol.dispose]();
    this.delay = undefined;
  }

  /** Whoever still has to wait says so again. */
  private wakeWaiting(): void {
    this.disarm();
    this.waiting.wakeAll();
  }
}
