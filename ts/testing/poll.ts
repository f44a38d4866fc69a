// Polling by hand, and saying what should come of it.

import {
  type Context,
  type Coroutine,
  CoroutineFuture,
  describe,
  Future,
  type IntoFuture,
  intoFuture,
  isCoroutine,
  isCoroutineFunction,
  NotAFutureError,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  Waker,
} from "../future/index.js";
import { ElapsedError } from "../time/timeout.js";
import { isEqual } from "./equal.js";
import { AssertionFailedError } from "./errors.js";
import { expectFailure } from "./mock-failures.js";

/** A class of errors, to be looked for. */
export type ErrorClass<E extends Error = Error> = abstract new (...args: never[]) => E;

/** Something that can be polled by hand: a future, or the `task(future)` of the test kit. */
export interface Pollable<T> {
  poll(cx: Context): Poll<T>;
}

/** A stream that can be polled by hand, or the `task(stream)` of the test kit. */
export interface PollableStream<T> {
  pollNext(cx: Context): Poll<T | undefined>;
}

const NOBODY: Context = { waker: Waker.noop() };

/** Coroutines that were polled here before: each goes on as the same future, which knows whether it has ended. */
const coroutines: WeakMap<Coroutine<unknown>, Future<unknown>> = /* @__PURE__ */ new WeakMap();

function futureOf<T>(coroutine: Coroutine<T>): Future<T> {
  let future = coroutines.get(coroutine);
  if (future === undefined) {
    future = new CoroutineFuture(coroutine);
    coroutines.set(coroutine, future);
  }
  return future as Future<T>;
}

function hasMethod(value: unknown, name: "poll" | "pollNext" | "then"): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[name] === "function";
}

/** How to poll something once, or undefined for what is no future and no stream. @throws {NotAFutureError} for what was meant as one. */
function pollerOf(value: unknown, where: string): (() => unknown) | undefined {
  if (hasMethod(value, "poll")) return () => (value as Pollable<unknown>).poll(NOBODY);
  if (hasMethod(value, "pollNext"))
    return () => (value as PollableStream<unknown>).pollNext(NOBODY);
  if (isCoroutine(value)) return () => futureOf(value).poll(NOBODY);
  if (isCoroutineFunction(value))
    throw new NotAFutureError(
      `${where} was given ${describe(value)}: call it, and what it returns is polled`,
      value,
    );
  if (hasMethod(value, "then"))
    throw new NotAFutureError(
      `${where} was given a promise, which nobody can poll: await it, or keep a \`task(fromPromise(() => promise))\` and poll that`,
      value,
    );
  return undefined;
}

/** What a poll gave; or what polling once gives. */
function outcomeOf(value: unknown, where: string): unknown {
  const poll = pollerOf(value, where);
  return poll === undefined ? value : poll();
}

/** A value as a message shows it. */
function show(value: unknown): string {
  return Object.is(value, -0) ? "-0" : describe(value);
}

/**
 * Polls once, for nobody: no wake of it arrives anywhere. Use {@link task} to see wakes.
 *
 * @param target a future, a coroutine that was called, or a `task`; of a stream its next item is polled for. A coroutine may be
 *   passed again and goes on.
 * @returns its value, or `Pending`.
 * @throws {NotAFutureError} for anything else, promises included. @throws what the poll throws.
 */
export function pollOnce<T>(stream: PollableStream<T>): Poll<T | undefined>;
export function pollOnce<T>(future: Pollable<T> | Coroutine<T>): Poll<T>;
export function pollOnce(target: unknown): unknown {
  const poll = pollerOf(target, "pollOnce(future)");
  if (poll === undefined)
    throw new NotAFutureError(
      `pollOnce(future) needs a future, and was given ${describe(target)}`,
      target,
    );
  return poll();
}

/** Whether something was thrown because of what the assertion was given, and not by what it polled. */
function isRefusal(error: unknown, given: unknown): boolean {
  return error instanceof NotAFutureError && error.given === given;
}

/** What a poll gave; a promise is none. */
export type PollResult<T> = T extends PromiseLike<unknown> ? never : Poll<T>;

/**
 * Fails unless the poll is pending.
 *
 * @param value what a poll gave; or a future, a coroutine that was called, a stream, or a `task`, which is polled once.
 * @throws {AssertionFailedError} if there is a value, or the poll throws.
 * @throws {NotAFutureError} for a promise, which cannot be polled, and for a coroutine function that was not called.
 */
export function assertPending(
  value: PollableStream<unknown> | Pollable<unknown> | Coroutine<unknown>,
): void;
export function assertPending<T>(value: PollResult<T>): void;
export function assertPending(value: unknown): void {
  let outcome: unknown;
  try {
    outcome = outcomeOf(value, "assertPending(value)");
  } catch (cause) {
    if (isRefusal(cause, value)) throw cause;
    throw new AssertionFailedError(`is not pending, but threw ${describe(cause)}`, { cause });
  }
  if (outcome !== Pending)
    throw new AssertionFailedError(`is not pending, but ready with ${show(outcome)}`, {
      actual: outcome,
      expected: Pending,
    });
}

/**
 * Fails unless the poll has a value.
 *
 * @param value what a poll gave; or a future, a coroutine that was called, or a `task`, which is polled once; of a stream its next item.
 * @param expected the value that it must have, compared by what it holds. Leave it out to take any.
 * @returns the value.
 * @throws {AssertionFailedError} if it is pending, if it throws, or if the value is another.
 * @throws {NotAFutureError} for a promise, which cannot be polled, and for a coroutine function that was not called.
 */
export function assertReady<T>(
  stream: PollableStream<T>,
  ...expected: [] | [T | undefined]
): T | undefined;
export function assertReady<T>(future: Pollable<T> | Coroutine<T>, ...expected: [] | [T]): T;
export function assertReady<T>(value: PollResult<T>, ...expected: [] | [T]): T;
export function assertReady(value: unknown, ...expected: [] | [unknown]): unknown {
  let outcome: unknown;
  try {
    outcome = outcomeOf(value, "assertReady(value)");
  } catch (cause) {
    if (isRefusal(cause, value)) throw cause;
    throw new AssertionFailedError(`is not ready, but threw ${describe(cause)}: ${String(cause)}`, {
      cause,
    });
  }
  if (outcome === Pending)
    throw new AssertionFailedError("is not ready, but pending", { actual: Pending });
  if (expected.length > 0 && !isEqual(outcome, expected[0]))
    throw new AssertionFailedError(
      `is ready with ${show(outcome)}, but should be with ${show(expected[0])}`,
      { actual: outcome, expected: expected[0] },
    );
  return outcome;
}

function checkError<E extends Error>(error: unknown, errorClass: ErrorClass<E> | undefined): E {
  if (errorClass !== undefined && !(error instanceof errorClass))
    throw new AssertionFailedError(
      `threw ${describe(error)}, but should throw a ${errorClass.name}: ${String(error)}`,
      { actual: error, expected: errorClass, cause: error },
    );
  expectFailure(error);
  return error as E;
}

function noError(outcome: unknown, errorClass: ErrorClass | undefined): AssertionFailedError {
  const what = outcome === Pending ? "is pending" : `is ready with ${describe(outcome)}`;
  return new AssertionFailedError(`${what}, but should throw ${errorClass?.name ?? "an error"}`, {
    actual: outcome,
    expected: errorClass,
  });
}

/**
 * Fails unless the poll throws.
 *
 * @param value a future, a coroutine that was called, a stream or a `task`, polled once; or a function, which is called.
 * @param errorClass the class of the error. Leave it out to take any.
 * @returns the error.
 * @throws {AssertionFailedError} if nothing is thrown, or something else.
 */
export function assertThrows<E extends Error = Error>(
  value: Pollable<unknown> | PollableStream<unknown> | Coroutine<unknown> | (() => unknown),
  errorClass?: ErrorClass<E>,
): E {
  let outcome: unknown;
  try {
    outcome = typeof value === "function" ? value() : pollOnce(value as Pollable<unknown>);
  } catch (error) {
    if (isRefusal(error, value)) throw error;
    return checkError(error, errorClass);
  }
  throw noError(outcome, errorClass);
}

/** Fails unless the poll throws an {@link ElapsedError}: the time of a `timeout` is up. As {@link assertThrows}. */
export function assertElapsed(
  value: Pollable<unknown> | PollableStream<unknown> | Coroutine<unknown> | (() => unknown),
): ElapsedError {
  return assertThrows(value, ElapsedError);
}

class Rejects<E extends Error> extends Future<E> {
  private inner: Future<unknown> | undefined;
  private readonly errorClass: ErrorClass<E> | undefined;

  constructor(inner: Future<unknown>, errorClass: ErrorClass<E> | undefined) {
    super();
    this.inner = inner;
    this.errorClass = errorClass;
  }

  override poll(cx: Context): Poll<E> {
    if (this.inner === undefined) throw new PolledAfterCompletionError("assertRejects");
    let outcome: Poll<unknown>;
    try {
      outcome = this.inner.poll(cx);
    } catch (error) {
      this.inner = undefined;
      return checkError(error, this.errorClass);
    }
    if (outcome === Pending) return Pending;
    this.inner = undefined;
    throw noError(outcome, this.errorClass);
  }

  override waitsFor(): string | undefined {
    return this.inner?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const inner = this.inner;
    this.inner = undefined;
    inner?.[Symbol.dispose]();
  }
}

/**
 * Waits for a future that must throw: `const error = yield* assertRejects(timeout(5, pending()), ElapsedError)`.
 *
 * @param errorClass the class of the error. Leave it out to take any.
 * @returns the error.
 * @throws {AssertionFailedError} (from the poll) if it gives a value, or throws something else.
 *
 * Cancel-safe if `future` is.
 */
export function assertRejects<E extends Error = Error>(
  future: IntoFuture<unknown>,
  errorClass?: ErrorClass<E>,
): Future<E> {
  return new Rejects(intoFuture(future, "assertRejects(future)"), errorClass);
}
