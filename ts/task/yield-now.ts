// yieldNow, and the budget that makes tasks yield by themselves.

import {
  type Context,
  describeWait,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  proceed,
  replaceBudget,
  requireContext,
  type Suspension,
  suspend,
  UNLIMITED,
} from "../future/index.js";

const DONE: IteratorReturnResult<void> = { done: true, value: undefined };

/**
 * The iterator of every `yield* yieldNow()`. Shared, because it needs no state: `yield*` calls it with nothing first and
 * with the executor's RESUME after that. An object of its own for each would be stored into the suspended generator, and
 * the write barrier for that costs more than the yield.
 */
const YIELD_STEPS: Iterator<Suspension, void, unknown> = {
  next(resumed?: unknown): IteratorResult<Suspension, void> {
    if (resumed !== undefined) return DONE;
    requireContext().waker.wakeDeferred();
    return suspend();
  },
  return: (value) => ({ done: true, value: value as void }),
};

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
  override [Symbol.iterator](): Iterator<Suspension, void, void> {
    return YIELD_STEPS as Iterator<Suspension, void, void>;
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
  override waitsFor(): string {
    return describeWait(this.inner);
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
