// Delays on a runtime's clock, for the parts of the library that know no runtime: `ts/future/delay.ts`.

import {
  type Context,
  Delay,
  forgetEntry,
  HostDelay,
  isWatched,
  noteEntry,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  type Waker,
} from "../future/index.js";
import { tryCurrentScheduler } from "./entered.js";
import type { Timers } from "./timers.js";

/** Not in the wheel: it joins at the next poll. */
const NEW = -1;
const DONE = -2;

class RuntimeDelay extends Delay {
  private readonly timers: Timers;
  private deadlineMs: number;
  /** The entry in the wheel, or one of the states above. */
  private entry: number;
  private key: number;
  private waker: Waker | undefined;

  constructor(timers: Timers, delayMs: number) {
    super();
    this.timers = timers;
    this.deadlineMs = timers.clock.now() + delayMs;
    this.entry = NEW;
    this.key = 0;
    this.waker = undefined;
  }

  override reset(delayMs: number): void {
    const waker = this.waker;
    this.unregister();
    this.deadlineMs = this.timers.clock.now() + delayMs;
    this.entry = NEW;
    // Somebody waits already: their wake must come at the new moment.
    if (waker !== undefined) this.register(waker);
  }

  override poll(cx: Context): Poll<void> {
    if (this.entry === DONE) throw new PolledAfterCompletionError("a delay");
    if (this.isOver()) {
      if (isWatched()) forgetEntry("timer", this);
      this.entry = DONE;
      this.waker = undefined;
      return;
    }
    if (this.entry === NEW) this.register(cx.waker);
    else this.keep(cx.waker);
    return Pending;
  }

  private isOver(): boolean {
    if (this.entry === NEW) return this.timers.isPast(this.deadlineMs);
    return !this.timers.isPending(this.entry, this.key);
  }

  private keep(waker: Waker): void {
    if (this.timers.isClosed()) this.timers.refuse();
    if (this.waker?.willWake(waker) === true) return;
    this.waker = waker;
    this.timers.retarget(this.entry, this.key, waker);
  }

  private register(waker: Waker): void {
    this.key = this.timers.newKey();
    this.entry = this.timers.register(this.deadlineMs, this.key, waker);
    this.waker = waker;
    if (isWatched()) noteEntry("timer", this);
  }

  isOutstanding(): boolean {
    return this.entry >= 0 && this.timers.isPending(this.entry, this.key);
  }

  describeForCensus(): string {
    return `due at ${this.deadlineMs} ms`;
  }

  private unregister(): void {
    if (isWatched()) forgetEntry("timer", this);
    if (this.entry >= 0) this.timers.cancel(this.entry, this.key);
    this.waker = undefined;
  }

  override waitsFor(): string {
    return `a timer at ${this.deadlineMs} ms of its runtime's clock`;
  }

  override [Symbol.dispose](): void {
    this.unregister();
    this.entry = DONE;
  }
}

/**
 * A delay on the clock of the current runtime; of the host's where there is none.
 *
 * @throws {DriverDisabledError} in a runtime without timers.
 */
export function runtimeDelay(delayMs: number): Delay {
  const timers = tryCurrentScheduler()?.timers;
  if (timers === undefined) return new HostDelay(delayMs);
  timers.assertEnabled();
  return new RuntimeDelay(timers, delayMs);
}
