// The small sources.

import {
  type Context,
  type Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  proceed,
} from "../../future/index.js";
import { checkFunction, StreamArgumentError, UndefinedItemError } from "../errors.js";
import { Stream } from "../stream.js";

class Empty extends Stream<never> {
  override pollNext(): undefined {}
}

class Never extends Stream<never> {
  private dropped = false;

  override pollNext(): Pending | undefined {
    return this.dropped ? undefined : Pending;
  }

  override waitsFor(): string {
    return "pending(), a stream that never gives anything";
  }

  override [Symbol.dispose](): void {
    this.dropped = true;
  }
}

class Iter<T> extends Stream<T> {
  private iterable: Iterable<T> | undefined;
  private iterator: Iterator<T> | undefined;

  constructor(iterable: Iterable<T>) {
    super();
    this.iterable = iterable;
    this.iterator = undefined;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { iterable } = this;
    if (iterable === undefined) return undefined;
    if (!proceed(cx)) return Pending;
    this.iterator ??= iterable[Symbol.iterator]();
    const { iterator } = this;
    // An iterator that throws, or has ended, is over; it is back only when it has given an item.
    this.forget();
    const step = iterator.next();
    if (step.done === true) return undefined;
    this.iterable = iterable;
    this.iterator = iterator;
    if (step.value !== undefined) return step.value;
    this[Symbol.dispose]();
    throw new UndefinedItemError("the iterable of `iter`");
  }

  private forget(): void {
    this.iterable = undefined;
    this.iterator = undefined;
  }

  override [Symbol.dispose](): void {
    const { iterator } = this;
    this.forget();
    iterator?.return?.();
  }
}

class PollStream<T> extends Stream<T> {
  private fn: ((cx: Context) => Poll<T | undefined>) | undefined;

  constructor(fn: (cx: Context) => Poll<T | undefined>) {
    super();
    this.fn = fn;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { fn } = this;
    if (fn === undefined) return undefined;
    this.fn = undefined;
    const item = fn(cx);
    if (item !== undefined) this.fn = fn;
    return item;
  }

  override [Symbol.dispose](): void {
    this.fn = undefined;
  }
}

class Unfold<S, T> extends Stream<T> {
  private state: S;
  private step: ((state: S) => IntoFuture<readonly [T, S] | undefined>) | undefined;
  private current: Future<readonly [T, S] | undefined> | undefined;

  constructor(seed: S, step: (state: S) => IntoFuture<readonly [T, S] | undefined>) {
    super();
    this.state = seed;
    this.step = step;
    this.current = undefined;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { step } = this;
    if (step === undefined) return undefined;
    // Until it has given an item again, it is over: the function may throw, and so may its future.
    this.step = undefined;
    this.current ??= intoFuture(step(this.state), "the result of `unfold`'s function");
    const { current } = this;
    const next = current.poll(cx);
    if (next === undefined) return undefined;
    this.step = step;
    if (next === Pending) return Pending;
    this.current = undefined;
    const [item, state] = next;
    this.state = state;
    if (item !== undefined) return item;
    this[Symbol.dispose]();
    throw new UndefinedItemError("the function of `unfold`");
  }

  override waitsFor(): string | undefined {
    return this.current?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const { current } = this;
    this.step = undefined;
    this.current = undefined;
    current?.[Symbol.dispose]();
  }
}

/** A stream that has ended. */
export function empty<T = never>(): Stream<T> {
  return new Empty();
}

/** A stream that never gives anything, and never ends. Typed as you wish: `pending<number>()`. */
export function pending<T = never>(): Stream<T> {
  return new Never();
}

/** A stream of one item. @throws {UndefinedItemError} at the call. */
export function once<T>(item: T): Stream<T> {
  if (item === undefined) throw new UndefinedItemError("`once(item)`");
  return new Iter([item]);
}

/**
 * The items of something that can be iterated: an array, a set, a generator that was called. Always ready, so each item takes a
 * unit of the task's budget. Dropping the stream ends the iterator.
 *
 * @throws {StreamArgumentError} at the call, for what is no iterable.
 * @throws (from the poll) what the iterator throws; {@link UndefinedItemError} for an item that is undefined.
 */
export function iter<T>(iterable: Iterable<T>): Stream<T> {
  if (typeof iterable?.[Symbol.iterator] !== "function") {
    const hint = "an iterable; for one that is async there is `fromAsyncIterable`";
    throw new StreamArgumentError("iter(iterable)", iterable, hint);
  }
  return new Iter(iterable);
}

/**
 * A stream from a function that is called at every poll, until it gives undefined or throws.
 *
 * @param fn returns the next item, undefined or `Pending`; it must have stored `cx.waker` before it returns `Pending`.
 */
export function fromPollFn<T>(fn: (cx: Context) => Poll<T | undefined>): Stream<T> {
  checkFunction("fromPollFn(fn)", fn);
  return new PollStream(fn);
}

/**
 * A stream from a state and a function that makes an item and the next state of it.
 *
 * @param step returns a future of `[item, state]`, or of undefined for the end; or is a coroutine function.
 */
export function unfold<S, T>(
  seed: S,
  step: (state: S) => IntoFuture<readonly [T, S] | undefined>,
): Stream<T> {
  checkFunction("unfold(seed, step)", step);
  return new Unfold(seed, step);
}
