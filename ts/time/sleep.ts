// sleep and sleepUntil.
//
// S1  A sleep has a runtime, whose clock and wheel it uses, or it was made outside of every one, and takes the first that polls
//     or resets it. Whoever asks it before that is answered on the clock of here: C2 of the clock.

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
import { Instant, nowMs } from "./instant.js";

const NEW = -1;
const ELAPSED = -2;
const DONE = -3;

/**
 * A wait for a moment. Rounded up to a millisecond, never early. Registered at its first poll, so one that is never polled
 * costs nothing. Cancel-safe: dropping it cancels it.
 */
export class Sleep extends Future<void> {
  private timers: Timers | undefined;
  /** On the clock of its runtime, or of the host. */
  private deadlineMs: number;
  /** How far ahead the deadline was when it was set. Counts only for who has no runtime. */
  private delayMs: number;
  /** The entry in the wheel, or one of the states above. */
  private entry: number;
  private key: number;
  private waker: Waker | undefined;

  /**
   * @internal
   * @param deadlineMs on the clock of `timers`, without them on the host's.
   * @param delayMs from now until then.
   */
  constructor(timers: Timers | undefined, deadlineMs: number, delayMs: number) {
    super();
    this.timers = timers;
    this.deadlineMs = deadlineMs;
    this.delayMs = delayMs;
    this.entry = delayMs <= 0 ? ELAPSED : NEW;
    this.key = 0;
    this.waker = undefined;
  }

  /** The moment it waits for, on its runtime's clock; before it has a runtime, on the clock of here. */
  deadline(): Instant {
    return Instant.fromMillis(this.deadlineHere());
  }

  private deadlineHere(): number {
    if (this.timers !== undefined) return this.deadlineMs;
    const clock = tryCurrentScheduler()?.clock;
    return clock?.takeOver(this.deadlineMs, this.delayMs) ?? this.deadlineMs;
  }

  /** Whether the moment has come. */
  isElapsed(): boolean {
    if (this.entry === DONE || this.entry === ELAPSED) return true;
    if (this.entry === NEW) return this.deadlineHere() <= this.now();
    return !(this.timers as Timers).isPending(this.entry, this.key);
  }

  /** @internal The present on the clock of `deadline()`. */
  now(): number {
    return this.timers?.clock.now() ?? nowMs();
  }

  /**
   * Waits for another moment instead, whether or not the present one has come.
   *
   * @throws {InvalidArgumentError} for what is no Instant.
   * @throws {DriverDisabledError} when it was made outside of every runtime, and this one is without timers.
   */
  reset(deadline: Instant): void {
    checkInstant(deadline, "Sleep.reset(deadline)");
    this.resetTo(deadline.valueOf(), deadline.valueOf() - this.now());
  }

  /** @internal Waits so many milliseconds from now instead. */
  resetAfter(delayMs: number): void {
    this.resetTo(this.now() + delayMs, delayMs);
  }

  private resetTo(deadlineMs: number, delayMs: number): void {
    const waker = this.waker;
    this.unregister();
    // The new deadline is on the clock of here; a sleep made outside of every runtime has none of its own yet.
    this.timers ??= timersHere();
    this.deadlineMs = deadlineMs;
    this.delayMs = delayMs;
    this.entry = NEW;
    if (delayMs <= 0) {
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
    this.deadlineMs = clock.takeOver(this.deadlineMs, this.delayMs);
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

/** Undefined outside of every runtime. */
function timersHere(): Timers | undefined {
  const timers = tryCurrentScheduler()?.timers;
  timers?.assertEnabled();
  return timers;
}

/**
 * Waits for a while. It counts from the call, on the clock of the runtime that it is made in.
 *
 * One that is made outside of every runtime takes the clock of the first that polls it. If that clock runs it has counted from the
 * call all the same. If it stands, whatever passed before is none of its time: `runtime.run(sleep(1_000))` ends a second of its time
 * later to the millisecond.
 *
 * @param duration milliseconds, or an object with the fields of a Temporal.Duration; at most about 30 years.
 * @throws {DurationError} at the call, when it is negative or not a number.
 * @throws {DriverDisabledError} at the call, in a runtime without timers.
 */
export function sleep(duration: Duration): Sleep {
  const ms = toMillis(duration, "sleep(duration)");
  const timers = timersHere();
  return new Sleep(timers, (timers?.clock ?? host).now() + ms, ms);
}

/**
 * Waits until a moment; one that has passed is over at once. Made outside of every runtime it means a moment of the host's clock, and
 * what is left until then counts as the duration of a `sleep` does. Otherwise as {@link sleep}.
 */
export function sleepUntil(deadline: Instant): Sleep {
  checkInstant(deadline, "sleepUntil(deadline)");
  const timers = timersHere();
  const now = (timers?.clock ?? host).now();
  const ms = Math.min(deadline.valueOf(), now + FAR_FUTURE_MS);
  return new Sleep(timers, ms, ms - now);
}
