// yieldNow, and the budget that makes tasks yield by themselves.

import {
  type Context,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  proceed,
  replaceBudget,
  UNLIMITED,
} from "../future/index.js";

class YieldNow extends Future<void> {
  private yielded: boolean;
  constructor() {
    super();
    this.yielded = false;
  }
  override poll(cx: Context): Poll<void> {
    if (this.yielded) return;
    this.yielded = true;
    cx.waker.wakeDeferred();
    return Pending;
  }
}

/** Lets every other task that is ready run, and the driver have its turn, before this task goes on. Cancel-safe. */
export function yieldNow(): Future<void> {
  return new YieldNow();
}

class ConsumeBudget extends Future<void> {
  override poll(cx: Context): Poll<void> {
    return proceed(cx) ? undefined : Pending;
  }
}

/**
 * Takes a unit of the task's budget, and yields when it is spent. For loops that compute without waiting for anything.
 * Cancel-safe.
 */
export function consumeBudget(): Future<void> {
  return new ConsumeBudget();
}

class Unconstrained<T> extends Future<T> {
  private readonly inner: Future<T>;
  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }
  override poll(cx: Context): Poll<T> {
    const budget = replaceBudget(UNLIMITED);
    try {
      return this.inner.poll(cx);
    } finally {
      replaceBudget(budget);
    }
  }
  override [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}

/**
 * A future that never yields for the budget's sake. Others of its thread wait as long as it finds work.
 * Cancel-safe if `future` is.
 */
export function unconstrained<T>(future: IntoFuture<T>): Future<T> {
  return new Unconstrained(intoFuture(future, "unconstrained(future)"));
}
