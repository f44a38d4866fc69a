// Future: the one protocol that everything else speaks.
//
// F1  A future does nothing until it is polled.
// F2  A poll that returns Pending has stored `cx.waker` where something will call it.
// F3  Dropping a future (`[Symbol.dispose]`) gives back all that it registered; dropping twice is harmless.
// F4  Polling after completion throws.
//
// A future is its own iterator, so `yield* future` allocates nothing: each step polls, a Pending travels up through every
// `yield*` as the one object PENDING_STEP, and the executor knows it by identity.

import { currentContext, isDropping, isPlain, noteStop, refuseToWait } from "./current.js";
import { driveFuture } from "./drive.js";
import { AwaitWhileDroppingError, NoContextError } from "./errors.js";
import { Pending, type Poll, type Suspension } from "./poll.js";
import type { Context } from "./waker.js";

/** The step of an iterator whose future is pending. Shared: it says nothing that could differ. */
export const PENDING_STEP: IteratorYieldResult<Suspension> = {
  done: false,
  value: Pending as unknown as Suspension,
};

/**
 * The context of the poll under way.
 *
 * @throws {NoContextError} outside of every poll. @throws {AwaitWhileDroppingError} if that is because of a drop.
 */
export function requireContext(): Context {
  const cx = currentContext();
  if (cx !== undefined) return cx;
  throw isDropping() ? new AwaitWhileDroppingError() : new NoContextError();
}

/**
 * The step of a future that is pending.
 *
 * @throws {AwaitWhileDroppingError} where nothing may wait; the future is dropped then.
 */
export function suspend(future?: Disposable): IteratorYieldResult<Suspension> {
  if (isPlain()) return PENDING_STEP;
  if (!isDropping()) {
    noteStop(future);
    return PENDING_STEP;
  }
  future?.[Symbol.dispose]();
  // Clean-up that catches every refusal gets a step that says pending, and is left behind at it.
  if (!refuseToWait()) return PENDING_STEP;
  throw new AwaitWhileDroppingError();
}

/**
 * A value that will be there later. Lazy, polled by whoever wants the value, cancelled by dropping it.
 *
 * In a coroutine write `yield* future`; in an async function `await future`. To write one by hand, extend this class and
 * give it `poll` and, if it registers anything, `[Symbol.dispose]`.
 */
export abstract class Future<T> implements PromiseLike<T>, Disposable {
  /**
   * Tries to give the value.
   *
   * @param cx holds the waker to store before returning Pending; a later poll may bring another, the last one counts.
   * @returns the value, or `Pending`.
   * @throws what the future fails with; a {@link PolledAfterCompletionError} when it has given its value already.
   */
  abstract poll(cx: Context): Poll<T>;

  /** Gives back everything that the future registered. Harmless when it has completed, and when done twice. */
  [Symbol.dispose](): void {}

  /**
   * What it waits for, for a report of a deadlock: a few words, `"Mutex.lock(), held by task 4"`. Asked only after a poll that
   * returned Pending, and only for reports.
   */
  waitsFor(): string | undefined {
    return undefined;
  }

  /**
   * Makes `yield* future` work inside a coroutine. A future that several may wait for gives each of them a future of its
   * own here, see {@link waitFor}.
   */
  [Symbol.iterator](): Iterator<Suspension, T, void> {
    return this as unknown as Iterator<Suspension, T, void>;
  }

  /**
   * Makes `await future` work in async functions: drives the future on the current runtime, or on the ambient one.
   * The slow lane: a task for each await.
   */
  // biome-ignore lint/suspicious/noThenProperty: a future is a thenable by contract.
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return driveFuture<T>(this).then(onFulfilled, onRejected);
  }

  // The iterator protocol of `yield*`. Protected: the names are taken, and a subclass that means something else by them does
  // not compile. The hottest futures have a `next` of their own, the same but for the one `poll` that it calls: here that
  // call has as many targets as there are kinds of futures, which costs a lookup.
  protected next(): IteratorResult<Suspension, T> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  // Called when the coroutine is cancelled.
  protected return(value: T): IteratorResult<Suspension, T> {
    this[Symbol.dispose]();
    return { done: true, value };
  }
}

/**
 * The future to poll for one wait. A `JoinHandle` may be waited for by several at once and gives each a place of its own,
 * which is given back alone; every other future is its own.
 */
export function waitFor<T>(future: Future<T>): Future<T> {
  const own: unknown = future[Symbol.iterator]();
  return own instanceof Future ? own : future;
}
