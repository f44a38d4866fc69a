// Stopping and moving a runtime's clock, for tests.

import { type Duration, toMillis } from "../future/duration.js";
import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";

/**
 * Stops the current runtime's clock. From then on it moves by `advance`, and by itself to the next timer whenever nothing
 * is runnable.
 *
 * @throws {ClockError} when it stands already. @throws {NoRuntimeError} outside of a runtime.
 */
export function pause(): void {
  currentScheduler("pause()").clock.pause();
}

/** Lets the clock run on from where it stands. @throws {ClockError} when it runs. */
export function resume(): void {
  currentScheduler("resume()").clock.resume();
}

class Advance extends Future<void> {
  private readonly ms: number;
  private moved = false;
  private done = false;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("advance");
    if (this.moved) {
      this.done = true;
      return;
    }
    const { clock } = currentScheduler("advance(duration)");
    clock.moveTo(clock.now() + this.ms);
    this.moved = true;
    cx.waker.wakeDeferred();
    return Pending;
  }
}

/**
 * Moves a stopped clock forward and then yields once, so that the timers in between fire, all at the new time.
 *
 * @throws {ClockError} (from the poll) when the clock runs. @throws {DurationError} at the call.
 */
export function advance(duration: Duration): Future<void> {
  return new Advance(toMillis(duration, "advance(duration)"));
}
