// Combinators with a clock: timeout, timeoutRepeating, throttle.
//
// Their delays begin at the first poll, not when the stream is made: a stream that nobody polls costs no timer, and the clock
// is that of the runtime that polls.

import {
  type Context,
  type Delay,
  ElapsedError,
  newDelay,
  Pending,
  type Poll,
} from "../../future/index.js";
import { type Result, type Source, Step } from "../source.js";

/** One `ElapsedError` for each gap that is too long, and then a wait for however long it takes. */
export class TimeoutStep<T> extends Step<T, Result<T, ElapsedError>> {
  private readonly timeoutMs: number;
  private delay: Delay | undefined;
  /** Whether the gap under way has not been reported yet. */
  private armed: boolean;

  constructor(source: Source<T>, timeoutMs: number) {
    super(source);
    this.timeoutMs = timeoutMs;
    this.delay = undefined;
    this.armed = true;
  }

  override pollNext(cx: Context): Poll<Result<T, ElapsedError> | undefined> {
    this.delay ??= newDelay(this.timeoutMs);
    const item = this.source.pollNext(cx);
    if (item === undefined) return undefined;
    if (item !== Pending) {
      this.delay.reset(this.timeoutMs);
      this.armed = true;
      return { value: item };
    }
    if (!this.armed || this.delay.poll(cx) === Pending) return Pending;
    this.armed = false;
    return { error: new ElapsedError() };
  }

  override [Symbol.dispose](): void {
    this.delay?.[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

/** The part of an `Interval` that is needed here. */
export interface Ticking extends Partial<Disposable> {
  pollTick(cx: Context): Poll<unknown>;
  /** The next tick comes a period from now. */
  reset(): void;
}

/** An `ElapsedError` at each tick of an interval that begins anew with each item. */
export class TimeoutRepeatingStep<T> extends Step<T, Result<T, ElapsedError>> {
  private readonly interval: Ticking;

  constructor(source: Source<T>, interval: Ticking) {
    super(source);
    this.interval = interval;
  }

  override pollNext(cx: Context): Poll<Result<T, ElapsedError> | undefined> {
    const item = this.source.pollNext(cx);
    if (item === undefined) return undefined;
    if (item !== Pending) {
      this.interval.reset();
      return { value: item };
    }
    if (this.interval.pollTick(cx) === Pending) return Pending;
    return { error: new ElapsedError() };
  }

  override [Symbol.dispose](): void {
    this.interval[Symbol.dispose]?.();
    super[Symbol.dispose]();
  }
}

/** The source is not asked before so much time has gone by since its last item. */
export class ThrottleStep<T> extends Step<T, T> {
  private readonly gapMs: number;
  private delay: Delay | undefined;
  private waiting: boolean;

  constructor(source: Source<T>, gapMs: number) {
    super(source);
    this.gapMs = gapMs;
    this.delay = undefined;
    this.waiting = false;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    if (this.waiting) {
      if (this.delay?.poll(cx) === Pending) return Pending;
      this.waiting = false;
    }
    const item = this.source.pollNext(cx);
    if (item !== Pending && item !== undefined && this.gapMs > 0) this.begin();
    return item;
  }

  private begin(): void {
    if (this.delay === undefined) this.delay = newDelay(this.gapMs);
    else this.delay.reset(this.gapMs);
    this.waiting = true;
  }

  override waitsFor(): string | undefined {
    return this.waiting ? this.delay?.waitsFor() : super.waitsFor();
  }

  override [Symbol.dispose](): void {
    this.delay?.[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}
