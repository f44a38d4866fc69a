// DelayQueue: values that come out when their time has come.
//
// Q1  While somebody waits for entries that are not due, and only then, one sleep is set to the earliest deadline, whatever is
//     inserted, moved or removed.
// Q2  Whoever waits is woken when an entry is due and when the queue has become empty.

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
    const { entries } = this;
    const key = entries.keyOf(slot);
    const deadline = Instant.fromMillis(entries.deadlineOf(slot));
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
