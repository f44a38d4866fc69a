// interval: ticks at a fixed period, and what to do when some were missed.

import { type Duration, DurationError, toMillis } from "../future/duration.js";
import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import { Instant } from "./instant.js";
import { checkInstant, type Sleep, sleep, sleepUntil } from "./sleep.js";

/**
 * What happens when ticks were missed.
 * `"burst"`: the missed ones come at once, one after the other, until the interval has caught up.
 * `"delay"`: the next one comes a period after the late one.
 * `"skip"`: the missed ones are left out, the next comes at a multiple of the period.
 */
export type MissedTickBehavior = "burst" | "delay" | "skip";

export interface IntervalOptions {
  /** `"burst"` unless set. */
  readonly missedTickBehavior?: MissedTickBehavior;
}

/** A tick this late, in milliseconds, has been missed. Tokio's figure: timers are coarse, and a policy should not act on that. */
const LATE_MS = 5;

const BEHAVIORS: readonly string[] = ["burst", "delay", "skip"];

function checkBehavior(value: string): MissedTickBehavior {
  if (!BEHAVIORS.includes(value))
    throw new InvalidArgumentError("missedTickBehavior", value, '"burst", "delay" or "skip"');
  return value as MissedTickBehavior;
}

function behaviorOf(options: IntervalOptions): MissedTickBehavior {
  return checkBehavior(options.missedTickBehavior ?? "burst");
}

function checkPeriod(period: Duration): number {
  const ms = toMillis(period, "interval(period)");
  if (ms === 0) throw new DurationError("interval(period)", period, "longer than zero");
  return ms;
}

class Tick extends Future<Instant> {
  private interval: Interval | undefined;
  constructor(interval: Interval) {
    super();
    this.interval = interval;
  }
  override poll(cx: Context): Poll<Instant> {
    if (this.interval === undefined) throw new PolledAfterCompletionError("tick");
    const at = this.interval.pollTick(cx);
    if (at !== Pending) this.interval = undefined;
    return at;
  }
  override waitsFor(): string {
    return "Interval.tick()";
  }
}

/** Ticks at a fixed period. */
export class Interval implements Disposable {
  private readonly periodMs: number;
  private behavior: MissedTickBehavior;
  private readonly delay: Sleep;

  /** @internal */
  constructor(delay: Sleep, periodMs: number, behavior: MissedTickBehavior) {
    this.delay = delay;
    this.periodMs = periodMs;
    this.behavior = behavior;
  }

  /** Waits for the next tick; gives the moment for which it was scheduled. The first comes at once. Cancel-safe. */
  tick(): Future<Instant> {
    return new Tick(this);
  }

  /** Polls for the next tick. */
  pollTick(cx: Context): Poll<Instant> {
    if (this.delay.poll(cx) === Pending) return Pending;
    // Read after the poll: the first one takes the clock of the runtime that polls.
    const scheduled = this.delay.deadline();
    this.delay.reset(this.after(scheduled, this.now()));
    return scheduled;
  }

  /** The present on its own clock, wherever it is polled. */
  private now(): Instant {
    return Instant.fromMillis(this.delay.now());
  }

  private after(scheduled: Instant, now: Instant): Instant {
    const late = now.durationSince(scheduled);
    if (late <= LATE_MS || this.behavior === "burst") return scheduled.plus(this.periodMs);
    if (this.behavior === "delay") return now.plus(this.periodMs);
    return now.plus(this.periodMs - (late % this.periodMs));
  }

  /** The period in milliseconds. */
  get period(): number {
    return this.periodMs;
  }

  get missedTickBehavior(): MissedTickBehavior {
    return this.behavior;
  }

  set missedTickBehavior(behavior: MissedTickBehavior) {
    this.behavior = checkBehavior(behavior);
  }

  /** The next tick comes a period from now. */
  reset(): void {
    this.delay.resetAfter(this.periodMs);
  }

  /** The next tick comes at once. */
  resetImmediately(): void {
    this.delay.resetAfter(0);
  }

  /** The next tick comes after `duration`. */
  resetAfter(duration: Duration): void {
    this.delay.resetAfter(toMillis(duration, "Interval.resetAfter(duration)"));
  }

  /** The next tick comes at `deadline`. */
  resetAt(deadline: Instant): void {
    checkInstant(deadline, "Interval.resetAt(deadline)");
    this.delay.reset(deadline);
  }

  /** Gives its timer back. */
  [Symbol.dispose](): void {
    this.delay[Symbol.dispose]();
  }
}

/**
 * An interval that starts now. One that is made outside of every runtime starts when it is made if it is polled under a clock that runs, and
 * with its first poll under one that stands, as a `sleep` does.
 *
 * @param period milliseconds, or a duration; more than zero.
 * @throws {DurationError} when the period is zero, negative or not a number.
 */
export function interval(period: Duration, options: IntervalOptions = {}): Interval {
  const periodMs = checkPeriod(period);
  const behavior = behaviorOf(options);
  return new Interval(sleep(0), periodMs, behavior);
}

/** An interval whose first tick comes at `start`. Otherwise as {@link interval}. */
export function intervalAt(
  start: Instant,
  period: Duration,
  options: IntervalOptions = {},
): Interval {
  const periodMs = checkPeriod(period);
  const behavior = behaviorOf(options);
  return new Interval(sleepUntil(start), periodMs, behavior);
}
