// Generators as coroutines: a `function*` is the `async fn` of this library.

import {
  beginDropping,
  endDropping,
  isNoting,
  RESUME,
  refuseToWait,
  replaceContext,
  takeStop,
} from "./current.js";
import {
  AwaitWhileDroppingError,
  describe,
  NotAFutureError,
  PolledAfterCompletionError,
  ReentrantPollError,
} from "./errors.js";
import { Future, PENDING_STEP } from "./future.js";
import { Pending, type Poll, type Suspension } from "./poll.js";
import { describeWait } from "./waits.js";
import type { Context } from "./waker.js";

/** What calling a coroutine function returns. Lazy: nothing has run. */
// biome-ignore lint/suspicious/noExplicitAny: what is sent into `next` is never looked at.
export type Coroutine<T> = Generator<Suspension, T, any>;

/** A `function*` whose `yield*` operands are futures. */
export type CoroutineFunction<A extends readonly unknown[], T> = (...args: A) => Coroutine<T>;

const GeneratorFunctionPrototype: object = Object.getPrototypeOf(function* () {});

/** Whether `fn` was written as `function*` in this realm. */
export function isCoroutineFunction(fn: unknown): fn is CoroutineFunction<unknown[], unknown> {
  return typeof fn === "function" && Object.getPrototypeOf(fn) === GeneratorFunctionPrototype;
}

/** Whether `value` is a generator, of this realm or of a compiler that lowers them. */
export function isCoroutine(value: unknown): value is Coroutine<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Iterator<unknown>).next === "function" &&
    typeof (value as Iterator<unknown>).throw === "function" &&
    typeof (value as Iterator<unknown>).return === "function" &&
    // An async generator has all of these too, and steps that are promises.
    typeof (value as Iterable<unknown>)[Symbol.iterator] === "function"
  );
}

/** The error for `yield x` where `yield* x` was meant, and for `yield promise`. */
function strayYield(value: unknown): NotAFutureError {
  if (value instanceof Future)
    return new NotAFutureError(
      `a coroutine yielded ${describe(value)} without the star, which does not wait: write \`yield* future\``,
      value,
    );
  if (typeof (value as PromiseLike<unknown> | null)?.then === "function")
    return new NotAFutureError(
      "a coroutine yielded a promise: write `yield* fromPromise(() => promise)` to wait for it",
      value,
    );
  const hint =
    value === undefined ? "to let others run write `yield* yieldNow()`" : "write `yield* future`";
  return new NotAFutureError(
    `a coroutine yielded ${describe(value)}, which is not a future: ${hint}`,
    value,
  );
}

/**
 * Runs a coroutine to its next suspension. A step that is not Pending and not done is a mistake of the program: it is
 * thrown at the very `yield` that made it, so that the stack shows the line, and the coroutine may catch it.
 */
export function resume<T>(coroutine: Coroutine<T>): Poll<T> {
  let step: IteratorResult<unknown, T> = coroutine.next(RESUME);
  for (;;) {
    if (step === PENDING_STEP) return Pending;
    if (step.done === true) return step.value;
    if ((step.value as unknown) === Pending) return Pending;
    step = coroutine.throw(strayYield(step.value));
  }
}

/**
 * Ends a coroutine where it stands: `finally` blocks and `using` declarations run. Throws what they throw.
 *
 * @throws {AwaitWhileDroppingError} when clean-up tries to wait.
 */
export function dropCoroutine(coroutine: Coroutine<unknown>): void {
  beginDropping();
  try {
    let step: IteratorResult<unknown, unknown> = coroutine.return(undefined);
    // A plain `yield` in clean-up is refused where it stands; one that always insists is left behind.
    while (step.done !== true && refuseToWait())
      step = coroutine.throw(new AwaitWhileDroppingError());
    if (step.done !== true) throw new AwaitWhileDroppingError();
  } finally {
    endDropping();
  }
}

/** A coroutine as a future. */
export class CoroutineFuture<T> extends Future<T> {
  private coroutine: Coroutine<T> | undefined;
  private running = false;
  /** What it has stopped at, where somebody wants to know. */
  private stop: object | undefined;

  constructor(coroutine: Coroutine<T>) {
    super();
    this.coroutine = coroutine;
    this.stop = undefined;
  }

  override poll(cx: Context): Poll<T> {
    const coroutine = this.coroutine;
    if (coroutine === undefined) throw new PolledAfterCompletionError("a coroutine");
    if (this.running) throw new ReentrantPollError("polled");
    const previous = replaceContext(cx);
    this.running = true;
    let ended = true;
    try {
      const value = resume(coroutine);
      ended = value !== Pending;
      if (isNoting()) this.stop = takeStop();
      return value;
    } finally {
      this.running = false;
      if (ended) this.coroutine = undefined;
      replaceContext(previous);
    }
  }

  override waitsFor(): string | undefined {
    return this.stop === undefined ? undefined : describeWait(this.stop);
  }

  override [Symbol.dispose](): void {
    const coroutine = this.coroutine;
    if (coroutine === undefined) return;
    if (this.running) throw new ReentrantPollError("dropped");
    this.coroutine = undefined;
    dropCoroutine(coroutine);
  }
}
