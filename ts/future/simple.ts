// The small futures.

import { describe, NotAFutureError, PolledAfterCompletionError } from "./errors.js";
import { Future, waitFor } from "./future.js";
import { Pending, type Poll } from "./poll.js";
import { describeWait } from "./waits.js";
import type { Context } from "./waker.js";

class Ready<T> extends Future<T> {
  private value: Poll<T>;
  constructor(value: T) {
    super();
    this.value = value;
  }
  override poll(): T {
    const value = this.value;
    if (value === Pending) throw new PolledAfterCompletionError("ready()");
    this.value = Pending;
    return value;
  }
}

/** Called like the function: reports name a task by the class of its future. */
const { pending: Never } = {
  pending: class extends Future<never> {
    override poll(): Pending {
      return Pending;
    }
    override waitsFor(): string {
      return "pending(), which never completes";
    }
  },
};

class PollFn<T> extends Future<T> {
  private fn: ((cx: Context) => Poll<T>) | undefined;
  constructor(fn: (cx: Context) => Poll<T>) {
    super();
    this.fn = fn;
  }
  override poll(cx: Context): Poll<T> {
    if (this.fn === undefined) throw new PolledAfterCompletionError("pollFn()");
    let ended = true;
    try {
      const value = this.fn(cx);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this.fn = undefined;
    }
  }
  override waitsFor(): string {
    const name = this.fn?.name;
    return name ? `pollFn(${name})` : "pollFn(…)";
  }
  override [Symbol.dispose](): void {
    this.fn = undefined;
  }
}

class Borrowed<T> extends Future<T> {
  private readonly inner: Future<T>;
  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }
  override poll(cx: Context): Poll<T> {
    return this.inner.poll(cx);
  }
  override waitsFor(): string {
    return describeWait(this.inner);
  }
}

/** A future that has its value already. */
export function ready<T>(value: T): Future<T> {
  return new Ready(value);
}

/** A future that never completes. Typed as you wish: `pending<number>()`. */
export function pending<T = never>(): Future<T> {
  return new Never() as Future<T>;
}

/**
 * A future from a function that is called at every poll.
 *
 * @param fn returns the value or `Pending`; it must have stored `cx.waker` before it returns `Pending`.
 * @throws {NotAFutureError} if `fn` is not a function.
 */
export function pollFn<T>(fn: (cx: Context) => Poll<T>): Future<T> {
  if (typeof fn !== "function")
    throw new NotAFutureError(`pollFn(fn) needs a function, and was given ${describe(fn)}`, fn);
  return new PollFn(fn);
}

/**
 * A future by reference: polling it polls `future`, dropping it leaves `future` as it was. For `select` in a loop, where
 * one future is to be kept for the next round.
 */
export function borrow<T>(future: Future<T>): Future<T> {
  if (!(future instanceof Future))
    throw new NotAFutureError(
      `borrow(future) needs a future, and was given ${describe(future)}`,
      future,
    );
  // A wait of its own is nobody else's to keep, so it goes with the borrow.
  const waiting = waitFor(future);
  return waiting === future ? new Borrowed(future) : waiting;
}
