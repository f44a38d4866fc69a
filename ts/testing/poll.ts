// Polling by hand, and saying what should come of it.

import {
  type Context,
  describe,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  Waker,
} from "../future/index.js";
import { ElapsedError } from "../time/timeout.js";
import { isEqual } from "./equal.js";
import { AssertionFailedError } from "./errors.js";

/** A class of errors, to be looked for. */
export type ErrorClass<E extends Error = Error> = abstract new (...args: never[]) => E;

/** Something that can be polled by hand: a future, or the `task(future)` of the test kit. */
export interface Pollable<T> {
  poll(cx: Context): Poll<T>;
}

const NOBODY: Context = { waker: Waker.noop() };

function isPollable<T>(value: Poll<T> | Pollable<T>): value is Pollable<T> {
  return typeof (value as Pollable<T> | null)?.poll === "function";
}

function outcomeOf<T>(value: Poll<T> | Pollable<T>): Poll<T> {
  return isPollable(value) ? value.poll(NOBODY) : value;
}

/**
 * Polls a future once, for nobody: no wake of it arrives anywhere. Use {@link task} to see wakes.
 *
 * @returns its value, or `Pending`.
 * @throws what the poll throws.
 */
export function pollOnce<T>(future: Pollable<T>): Poll<T> {
  return future.poll(NOBODY);
}

/**
 * Fails unless the poll is pending.
 *
 * @param value what a poll gave; or a future, or a `task`, which is polled once.
 * @throws {AssertionFailedError} if there is a value, or the poll throws.
 */
export function assertPending(value: Poll<unknown> | Pollable<unknown>): void {
  let outcome: Poll<unknown>;
  try {
    outcome = outcomeOf(value);
  } catch (cause) {
    throw new AssertionFailedError(`is not pending, but threw ${describe(cause)}`, { cause });
  }
  if (outcome !== Pending)
    throw new AssertionFailedError(`is not pending, but ready with ${describe(outcome)}`, {
      actual: outcome,
      expected: Pending,
    });
}

/**
 * Fails unless the poll has a value.
 *
 * @param value what a poll gave; or a future, or a `task`, which is polled once.
 * @param expected the value that it must have, compared by what it holds. Leave it out to take any.
 * @returns the value.
 * @throws {AssertionFailedError} if it is pending, if it throws, or if the value is another.
 */
export function assertReady<T>(value: Poll<T> | Pollable<T>, ...expected: [] | [T]): T {
  let outcome: Poll<T>;
  try {
    outcome = outcomeOf(value);
  } catch (cause) {
    throw new AssertionFailedError(`is not ready, but threw ${describe(cause)}: ${String(cause)}`, {
      cause,
    });
  }
  if (outcome === Pending)
    throw new AssertionFailedError("is not ready, but pending", { actual: Pending });
  if (expected.length > 0 && !isEqual(outcome, expected[0]))
    throw new AssertionFailedError(
      `is ready with ${describe(outcome)}, but should be with ${describe(expected[0])}`,
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
 * @param value a future or a `task`, polled once; or a function, which is called.
 * @param errorClass the class of the error. Leave it out to take any.
 * @returns the error.
 * @throws {AssertionFailedError} if nothing is thrown, or something else.
 */
export function assertThrows<E extends Error = Error>(
  value: Pollable<unknown> | (() => unknown),
  errorClass?: ErrorClass<E>,
): E {
  let outcome: unknown;
  try {
    outcome = typeof value === "function" ? value() : pollOnce(value);
  } catch (error) {
    return checkError(error, errorClass);
  }
  throw noError(outcome, errorClass);
}

/** Fails unless the poll throws an {@link ElapsedError}: the time of a `timeout` is up. As {@link assertThrows}. */
export function assertElapsed(value: Pollable<unknown> | (() => unknown)): ElapsedError {
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
