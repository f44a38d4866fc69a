// sleep and sleepUntil.

import { host } from "#host";
import { type Duration, FAR_FUTURE_MS, toMillis } from "../future/duration.js";
import {
  type Context,
  describe,
  Future,
  forgetEntry,
  isWatched,
  noteEntry,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  requireContext,
  type Suspension,
  suspend,
  type Waker,
} from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";
import { tryCurrentScheduler } from "../runtime/entered.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import type { Timers } from "../runtime/timers.js";
import { Instant } from "./instant.js";

const NEW = -1;
const ELAPSED = -2;
const DONE = -3;

/**
 * A wait for a moment. Rounded up to a millisecond, never early. Registered at its first poll, so one that is never polled
 * costs nothing. Cancel-safe: dropping it cancels it.
 */
export class Sleep extends Future<void> {
  private timers: Timers | undefined;
  private deadlineMs: number;
  /** The entry in the wheel, or one of the states above. */
  private entry: number;
  private key: number;
  private waker: Waker | undefined;

  /** @internal Deadlines of a sleep made outside of every runtime are on the host's clock until its first poll. */
  constructor(timers: Timers | undefined, deadlineMs: number, isPast: boolean) {
    super();
    this.timers = timers;
    this.deadlineMs = deadlineMs;
    this.entry = isPast ? ELAPSED : NEW;
    this.key = 0;
    this.waker = undefined;
  }

  /** The moment it waits for. */
  deadline(): Instant {
    return Instant.fromMillis(this.deadlineMs);
  }

  /** Whether the moment has come. */
  isElapsed(): boolean {
    if (this.entry === DONE || this.entry === ELAPSED) return true;
    if (this.entry === NEW) return this.deadlineMs <= this.now();
    return !(this.timers as Timers).isPending(this.entry, this.key);
  }

  /** @internal The present on the clock of its deadline. */
  now(): number {
    return this.timers?.clock.now() ?? host.now();
  }

  /** Waits for another moment instead, whether or not the present one has come. */
  reset(deadline: Instant): void {
    checkInstant(deadline, "Sleep.reset(deadline)");
    const waker = this.waker;
    this.unregister();
    // The new deadline is on the clock of here; a sleep made outside of every runtime has none of its own yet.
    this.timers ??= tryCurrentScheduler()?.timers;
    this.deadlineMs = deadline.valueOf();
    this.entry = NEW;
    if (this.deadlineMs <= this.now()) {
      this.entry = ELAPSED;
      waker?.wake();
    } else if (waker !== undefined) {
      // Somebody waits already: their wake must come at the new moment.
      this.register(waker);
    }
  }

  override poll(cx: Context): Poll<void> {
    return this.pollWith(cx, true);
  }

  /** @internal Polls without spending budget: a timeout must be seen even when what it guards has spent it all. */
  pollUnbudgeted(cx: Context): Poll<void> {
    return this.pollWith(cx, false);
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, void> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  private pollWith(cx: Context, budgeted: boolean): Poll<void> {
    this.timers ??= this.bind();
    if (this.entry === NEW) return this.firstPoll(cx, budgeted);
    if (this.entry >= 0) {
      const timers = this.timers;
      if (timers.isPending(this.entry, this.key)) {
        if (timers.isClosed()) timers.refuse();
        if (this.waker?.willWake(cx.waker) !== true) {
          this.waker = cx.waker;
          timers.retarget(this.entry, this.key, cx.waker);
        }
        return Pending;
      }
      this.entry = ELAPSED;
      this.waker = undefined;
      if (isWatched()) forgetEntry("timer", this);
    }
    if (this.entry === DONE) throw new PolledAfterCompletionError("sleep");
    return this.finish(cx, budgeted);
  }

  override waitsFor(): string {
    return `a sleep until ${this.deadlineMs} ms of its runtime's clock`;
  }

  private firstPoll(cx: Context, budgeted: boolean): Poll<void> {
    if ((this.timers as Timers).isPast(this.deadlineMs)) {
      this.entry = ELAPSED;
      return this.finish(cx, budgeted);
    }
    this.register(cx.waker);
    return Pending;
  }

  private finish(cx: Context, budgeted: boolean): Poll<void> {
    if (budgeted && !proceed(cx)) return Pending;
    this.entry = DONE;
  }

  /** Takes the runtime that polls it, and its clock. */
  private bind(): Timers {
    const { timers, clock } = currentScheduler("sleep");
    timers.assertEnabled();
    this.deadlineMs += clock.now() - host.now();
    return timers;
  }

  private register(waker: Waker): void {
    const timers = this.timers as Timers;
    this.key = timers.newKey();
    this.entry = timers.register(this.deadlineMs, this.key, waker);
    this.waker = waker;
    if (isWatched()) noteEntry("timer", this);
  }

  /** @internal */
  isOutstanding(): boolean {
    return !this.isElapsed();
  }

  /** @internal */
  describeForCensus(): string {
    return `due at ${this.deadlineMs} ms`;
  }

  private unregister(): void {
    if (isWatched()) forgetEntry("timer", this);
    if (this.entry >= 0) this.timers?.cancel(this.entry, this.key);
    this.waker = undefined;
  }

  override [Symbol.dispose](): void {
    this.unregister();
    this.entry = DONE;
  }
}

/** @internal */
export function checkInstant(value: unknown, argument: string): asserts value is Instant {
  if (!(value instanceof Instant) || Number.isNaN(value.valueOf()))
    throw new InvalidArgumentError(
      argument,
      value,
      `an Instant, for example Instant.now().plus(100), and not ${describe(value)}`,
    );
}

/**
 * Waits for a while.
 *
 * @param duration milliseconds, or an object with the fields of a Temporal.Duration; at most about 30 years.
 * @throws {DurationError} at the call, when it is negative or not a number.
 * @throws {DriverDisabledError} at the call, in a runtime without timers.
 */
export function sleep(duration: Duration): Sleep {
  const ms = toMillis(duration, "sleep(duration)");
  const scheduler = tryCurrentScheduler();
  if (scheduler === undefined) return new Sleep(undefined, host.now() + ms, ms === 0);
  scheduler.timers.assertEnabled();
  return new Sleep(scheduler.timers, scheduler.clock.now() + ms, ms === 0);
}

/** Waits until a moment; one that has passed is over at once. Otherwise as {@link sleep}. */
export function sleepUntil(deadline: Instant): Sleep {
  checkInstant(deadline, "sleepUntil(deadline)");
  const scheduler = tryCurrentScheduler();
  scheduler?.timers.assertEnabled();
  const now = scheduler?.clock.now() ?? host.now();
  const ms = Math.min(deadline.valueOf(), now + FAR_FUTURE_MS);
  return new Sleep(scheduler?.timers, ms, ms <= now);
}
