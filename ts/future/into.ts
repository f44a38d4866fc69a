// Whatever can be waited for, as a future. The one place that turns a coroutine, a coroutine function or an async function
// into a future, and the one that says what to write when something else was given.

import {
  type Coroutine,
  type CoroutineFunction,
  CoroutineFuture,
  isCoroutine,
  isCoroutineFunction,
} from "./coroutine.js";
import { describe, NotAFutureError } from "./errors.js";
import { Future, waitFor } from "./future.js";
import { fromPromise } from "./promise.js";

/** What combinators take: a future, or a coroutine that was called and has not run. */
export type IntoFuture<T> = Future<T> | Coroutine<T>;

/** The value of something that can be waited for. */
export type Output<F> = F extends Future<infer T> ? T : F extends Coroutine<infer T> ? T : never;

/** What an async function started by the library is given as its last argument. */
export interface AsyncContext {
  /** Fires when the task is aborted, or the future dropped. Made when first asked for. */
  readonly signal: AbortSignal;
}

/** An async function: gets `{ signal }` after its own arguments. */
export type AsyncFunction<A extends readonly unknown[], T> = (
  ...args: [...A, AsyncContext]
) => PromiseLike<T>;

/**
 * An async function that asks for no signal: its own arguments, each of them given. It gets `{ signal }` after them all the same, so
 * one that would take that for an argument of its own, an optional one or one of the rest, does not fit.
 *
 * That a coroutine function fits changes nothing where it stands behind `CoroutineFunction`, but for the compiler's words: it speaks of
 * the argument that is wrong, and not of a promise.
 */
export type PlainAsyncFunction<A extends readonly unknown[], T> = ((
  ...args: A
) => PromiseLike<T> | Coroutine<T>) &
  ((...args: [...A, AsyncContext]) => unknown);

/** @param where names the place in the error's message, for example `join(arguments[1])`. */
export function intoFuture<T>(value: IntoFuture<T>, where: string): Future<T> {
  if (value instanceof Future) return waitFor(value);
  if (isCoroutine(value)) return new CoroutineFuture(value as Coroutine<T>);
  if (typeof value === "function")
    throw new NotAFutureError(
      `${where} was given ${describe(value)}: call it, or write \`future(fn, ...args)\``,
      value,
    );
  if (typeof (value as PromiseLike<T> | null)?.then === "function")
    throw new NotAFutureError(
      `${where} was given a promise: write \`fromPromise(() => promise)\``,
      value,
    );
  throw new NotAFutureError(`${where} needs a future, and was given ${describe(value)}`, value);
}

/**
 * A future from a coroutine function and its arguments, or from an async function (which gets `{ signal }` as its last
 * argument). Nothing of it runs before the first poll.
 *
 * @throws {NotAFutureError} if `fn` is neither.
 */
export function future<T>(fn: (context: AsyncContext) => PromiseLike<T>): Future<T>;
export function future<A extends readonly unknown[], T>(
  fn: CoroutineFunction<A, T>,
  ...args: A
): Future<T>;
export function future<A extends readonly unknown[], T>(
  fn: AsyncFunction<A, T>,
  ...args: A
): Future<T>;
export function future<A extends readonly unknown[], T>(
  fn: PlainAsyncFunction<A, T>,
  ...args: A
): Future<T>;
export function future(fn: unknown, ...args: unknown[]): Future<unknown> {
  if (isCoroutineFunction(fn)) return new CoroutineFuture(fn(...args));
  if (typeof fn !== "function")
    throw new NotAFutureError(
      `future(fn, ...args) needs a coroutine function or an async function, and was given ${describe(fn)}`,
      fn,
    );
  return fromPromise((signal) => fn(...args, { signal }) as PromiseLike<unknown>);
}
