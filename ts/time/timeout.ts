// timeout and timeoutAt.

import { type Duration, toMillis } from "../future/duration.js";
import {
  type Context,
  describeWait,
  describeWaits,
  ElapsedError,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import type { Instant } from "./instant.js";
import { type Sleep, sleep, sleepUntil } from "./sleep.js";

export { ElapsedError } from "../future/index.js";

class Timeout<T> extends Future<T> {
  private inner: Future<T> | undefined;
  private readonly delay: Sleep;

  constructor(inner: Future<T>, delay: Sleep) {
    super();
    this.inner = inner;
    this.delay = delay;
  }

  /** The future first: a value that is there wins, even at zero. */
  override poll(cx: Context): Poll<T> {
    if (this.inner === undefined) throw new PolledAfterCompletionError("timeout");
    let ended = true;
    try {
      const value = this.inner.poll(cx);
      ended = value !== Pending;
      if (ended) return value;
    } finally {
      if (ended) this.complete();
    }
    if (this.delay.pollUnbudgeted(cx) === Pending) return Pending;
    this[Symbol.dispose]();
    throw new ElapsedError();
  }

  override waitsFor(): string | undefined {
    if (this.inner === undefined) return undefined;
    return describeWaits("any", [describeWait(this.inner), describeWait(this.delay)]);
  }

  private complete(): void {
    this.inner = undefined;
    this.delay[Symbol.dispose]();
  }

  override [Symbol.dispose](): void {
    const inner = this.inner;
    this.complete();
    inner?.[Symbol.dispose]();
  }
}

/**
 * A future that has only so much time.
 *
 * @param duration milliseconds, or a duration.
 * @param future is dropped when the time is up.
 * @throws {ElapsedError} (from the poll) when the time is up first; a value that is there wins, even at zero.
 * @throws {DurationError} at the call. @throws {NotAFutureError} at the call.
 *
 * Cancel-safe if `future` is.
 */
export function timeout<T>(duration: Duration, future: IntoFuture<T>): Future<T> {
  const ms = toMillis(duration, "timeout(duration, future)");
  return new Timeout(intoFuture(future, "timeout(duration, future)"), sleep(ms));
}

/** Like {@link timeout}, up to a moment. */
export function timeoutAt<T>(deadline: Instant, future: IntoFuture<T>): Future<T> {
  return new Timeout(intoFuture(future, "timeoutAt(deadline, future)"), sleepUntil(deadline));
}
