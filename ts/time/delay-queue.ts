// DelayQueue: values that come out when their time has come.
//
// Q1  While somebody waits for entries that are not due, and only then, one sleep is set to the earliest deadline, whatever is
//     inserted, moved or removed.
// Q2  Whoever waits is woken when an entry is due and when the queue has become empty.
// Q3  Until there is a runtime, deadlines are on the host's clock, and `delays` says of each slot how far ahead it was when it was
//     filed: C2 of the clock.

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
import type { Clock } from "../runtime/clock.js";
import { currentScheduler } from "../runtime/context.js";
import { tryCurrentScheduler } from "../runtime/entered.js";
import type { Timers } from "../runtime/timers.js";
import { DeadlineHeap, type DelayKey, NOWHERE } from "./deadline-heap.js";
import { DeadlineTooFarError, UnknownKeyError } from "./errors.js";
import { Instant } from "./instant.js";
import { checkInstant, Sleep } from "./sleep.js";

/** An entry that has come out of a {@link DelayQueue}. */
export interface Expired<T> {
  readonly value: T;
  /** When it was due. */
  readonly deadline: Instant;
  /** The key that it had. */
  readonly key: DelayKey;
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
  private readonly entries: DeadlineHeap<T> = new DeadlineHeap();
  private readonly waiting: WakerSet = new WakerSet();
  private readonly alarm: Alarm = new Alarm(() => this.wakeWaiting());
  private timers: Timers | undefined;
  private delay: Sleep | undefined;
  /** Q3 */
  private delays: number[] = [];

  /**
   * Takes the clock of the runtime that it is made in, else of the first that it is used in. Under a clock that stands, what was inserted
   * before is due as long after that first use as it was inserted for; under one that runs it counts from the insertion.
   */
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
    const delayMs = this.delayFor(after, "DelayQueue.insert(value, after)");
    return this.add(value, this.now() + delayMs, delayMs);
  }

  /** Puts a value in that is due at a moment; one that has passed is due at once. Otherwise as {@link insert}. */
  insertAt(value: T, deadline: Instant): DelayKey {
    const delayMs = this.delayUntil(deadline, "DelayQueue.insertAt(value, deadline)");
    return this.add(value, deadline.valueOf(), delayMs);
  }

  /**
   * Gives an entry another deadline.
   *
   * @param after milliseconds from now, or a duration.
   * @throws {UnknownKeyError} when the entry has expired or was removed. Otherwise as {@link insert}.
   */
  reset(key: DelayKey, after: Duration): void {
    const slot = this.slotOf(key, "DelayQueue.reset(key)");
    const delayMs = this.delayFor(after, "DelayQueue.reset(key, after)");
    this.move(slot, this.now() + delayMs, delayMs);
  }

  /** Gives an entry another deadline. Otherwise as {@link reset}. */
  resetAt(key: DelayKey, deadline: Instant): void {
    const slot = this.slotOf(key, "DelayQueue.resetAt(key)");
    const delayMs = this.delayUntil(deadline, "DelayQueue.resetAt(key, deadline)");
    this.move(slot, deadline.valueOf(), delayMs);
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
    return this.instantOf(this.slotOf(key, "DelayQueue.deadline(key)"));
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
    const aheadMs = entries.size > 0 ? entries.deadlineOf(entries.first()) - timers.clock.now() : 0;
    if (aheadMs > 0) {
      this.waiting.set(waiter, cx.waker);
      this.arm(timers, aheadMs);
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

  /** The runtime whose clock the deadlines are on. */
  private bind(): Timers {
    if (this.timers === undefined) {
      const { timers, clock } = currentScheduler("DelayQueue.next()");
      this.entries.refile((slot) => this.deadlineOn(clock, slot));
      this.timers = timers;
      this.delays = [];
    }
    this.timers.assertEnabled();
    if (this.timers.isClosed()) this.timers.refuse();
    return this.timers;
  }

  private deadlineOn(clock: Clock, slot: number): number {
    return clock.takeOver(this.entries.deadlineOf(slot), this.delays[slot] as number);
  }

  private instantOf(slot: number): Instant {
    const clock = this.timers === undefined ? tryCurrentScheduler()?.clock : undefined;
    return Instant.fromMillis(
      clock === undefined ? this.entries.deadlineOf(slot) : this.deadlineOn(clock, slot),
    );
  }

  private now(): number {
    if (this.timers === undefined && tryCurrentScheduler() !== undefined) this.bind();
    return this.timers?.clock.now() ?? host.now();
  }

  private delayFor(after: Duration, argument: string): number {
    const ms = toMillis(after, argument);
    if (ms >= FAR_FUTURE_MS) throw new DeadlineTooFarError(argument, after);
    return ms;
  }

  private delayUntil(deadline: Instant, argument: string): number {
    checkInstant(deadline, argument);
    const ms = deadline.valueOf() - this.now();
    if (ms >= FAR_FUTURE_MS) throw new DeadlineTooFarError(argument, deadline);
    return ms;
  }

  private slotOf(key: DelayKey, method: string): number {
    const slot = this.entries.slotOf(key);
    if (slot === NOWHERE) throw new UnknownKeyError(method, key);
    return slot;
  }

  private add(value: T, deadline: number, delayMs: number): DelayKey {
    const key = this.entries.insert(value, deadline);
    this.noteDelay(this.entries.slotOf(key), delayMs);
    this.rearm();
    return key;
  }

  private move(slot: number, deadline: number, delayMs: number): void {
    this.entries.file(slot, deadline);
    this.noteDelay(slot, delayMs);
    this.rearm();
  }

  private noteDelay(slot: number, delayMs: number): void {
    if (this.timers === undefined) this.delays[slot] = delayMs;
  }

  private take(slot: number): Expired<T> {
    const { entries } = this;
    const key = entries.keyOf(slot);
    const deadline = this.instantOf(slot);
    const value = entries.remove(slot);
    this.rearm();
    return { value, deadline, key };
  }

  /** Q1, Q2, after a change. */
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
  private arm(timers: Timers, aheadMs: number): void {
    if (this.delay !== undefined) return;
    const delay = new Sleep(timers, this.entries.deadlineOf(this.entries.first()), aheadMs);
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
