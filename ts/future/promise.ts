// Promises as futures. A promise is eager and cannot be cancelled, so what is taken is the function that makes one.

import { forgetEntry, isWatched, noteEntry } from "./census.js";
import {
  BlockedLoopError,
  describe,
  NotAFutureError,
  PolledAfterCompletionError,
} from "./errors.js";
import { Future } from "./future.js";
import { Pending, type Poll } from "./poll.js";
import type { Context, Waker } from "./waker.js";

let outstanding = 0;
let loopBlocked = false;

/**
 * How many promises, and other ends of the host's, futures of this thread wait for. A paused clock gives the event loop a turn
 * while there are any, and nothing is a deadlock.
 */
export function outstandingPromises(): number {
  return outstanding;
}

/**
 * Somebody waits for something of the host's that will wake it, until {@link endOutside}.
 *
 * @param waiting who does. @param what is waited for, for reports; a future says so itself.
 */
export function beginOutside(waiting: object, what?: string): void {
  outstanding += 1;
  if (isWatched()) noteEntry("outside", waiting, what);
}

export function endOutside(waiting: object): void {
  outstanding -= 1;
  if (isWatched()) forgetEntry("outside", waiting);
}

/** Whether this thread's event loop is stopped by `blockOn`. Returns what it was before. */
export function replaceLoopBlocked(blocked: boolean): boolean {
  const previous = loopBlocked;
  loopBlocked = blocked;
  return previous;
}

/** Refuses what only the event loop can finish, instead of waiting for it for ever. */
export function assertLoopRuns(what: string): void {
  if (loopBlocked) throw new BlockedLoopError(what);
}

const NEW = 0;
const WAITING = 1;
const RESOLVED = 2;
const REJECTED = 3;
const DONE = 4;

class PromiseFuture<T> extends Future<T> {
  private source: ((signal: AbortSignal) => PromiseLike<T>) | PromiseLike<T> | undefined;
  private state = NEW;
  private waker: Waker | undefined;
  private result: unknown;
  private controller: AbortController | undefined;

  constructor(source: ((signal: AbortSignal) => PromiseLike<T>) | PromiseLike<T>) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<T> {
    if (this.state === NEW) this.start();
    if (this.state === WAITING) {
      assertLoopRuns("a promise");
      this.waker = cx.waker;
      return Pending;
    }
    if (this.state === DONE) throw new PolledAfterCompletionError("fromPromise");
    const rejected = this.state === REJECTED;
    const result = this.result;
    this.state = DONE;
    this.result = undefined;
    if (rejected) throw result;
    return result as T;
  }

  private start(): void {
    assertLoopRuns("a promise");
    const source = this.source as NonNullable<typeof this.source>;
    this.source = undefined;
    // Should the function throw, the future has completed with that error.
    this.state = DONE;
    const promise = typeof source === "function" ? this.call(source) : source;
    if (typeof promise?.then !== "function")
      throw new NotAFutureError(
        `fromPromise needs a promise or a function that returns one, and was given ${describe(promise)}`,
        promise,
      );
    this.state = WAITING;
    beginOutside(this);
    this.listen(promise);
  }

  private listen(promise: PromiseLike<T>): void {
    try {
      promise.then(
        (value) => this.settle(RESOLVED, value),
        (error) => this.settle(REJECTED, error),
      );
    } catch (error) {
      // A thenable that is no promise, and has not kept to the rules.
      this.settle(REJECTED, error);
    }
  }

  /** An AbortController costs a microsecond: it is made only for a function that declares the parameter. */
  private call(source: (signal: AbortSignal) => PromiseLike<T>): PromiseLike<T> {
    if (source.length === 0) return (source as () => PromiseLike<T>)();
    this.controller = new AbortController();
    return source(this.controller.signal);
  }

  private settle(state: number, result: unknown): void {
    if (this.state !== WAITING) return;
    endOutside(this);
    this.state = state;
    this.result = result;
    const waker = this.waker;
    this.waker = undefined;
    waker?.wake();
  }

  override waitsFor(): string {
    return "a promise";
  }

  override [Symbol.dispose](): void {
    const waiting = this.state === WAITING;
    this.state = DONE;
    this.source = undefined;
    this.result = undefined;
    this.waker = undefined;
    if (!waiting) return;
    endOutside(this);
    this.controller?.abort();
  }
}

/**
 * A promise as a future.
 *
 * @param source a function that makes the promise, called at the first poll. If it declares a parameter it gets an
 *   `AbortSignal` that fires when the future is dropped. A promise that exists already is taken too; it cannot be aborted.
 * @returns a future with the promise's value.
 * @throws (from the poll) what the promise rejects with; {@link NotAFutureError} if there is no promise;
 *   {@link BlockedLoopError} under `blockOn`.
 *
 * Cancel-safe as far as the operation is: dropping aborts it through the signal.
 */
export function fromPromise<T>(
  source: ((signal: AbortSignal) => PromiseLike<T>) | PromiseLike<T>,
): Future<T> {
  if (typeof source !== "function" && typeof source?.then !== "function")
    throw new NotAFutureError(
      `fromPromise needs a promise or a function that returns one, and was given ${describe(source)}`,
      source,
    );
  return new PromiseFuture(source);
}
