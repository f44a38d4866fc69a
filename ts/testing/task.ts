// A future or a stream with a waker that counts: for tests that poll by hand and look at the wakes.

import {
  type Context,
  describe,
  type Future,
  type IntoFuture,
  intoFuture,
  NotAFutureError,
  Pending,
  type Poll,
  Waker,
} from "../future/index.js";
import type { Stream } from "../stream/index.js";
import { AssertionFailedError } from "./errors.js";

/** After so many polls in a row that each wake their own task, it will not become idle. Tokio's figure. */
const MOST_ROUNDS = 150;

class CountingWaker extends Waker implements Context {
  wakes = 0;
  woken = false;

  get waker(): Waker {
    return this;
  }

  override wake(): void {
    this.wakes += 1;
    this.woken = true;
  }
}

abstract class Mock implements Disposable {
  private readonly counting = new CountingWaker();

  /** Whether it was woken since the last poll. */
  isWoken(): boolean {
    return this.counting.woken;
  }

  /** How often it was woken in all. */
  wakeCount(): number {
    return this.counting.wakes;
  }

  /** Calls a function with the context of this task: for `poll…` methods that are polled by hand. Counts as a poll. */
  enter<R>(callback: (cx: Context) => R): R {
    this.counting.woken = false;
    return callback(this.counting);
  }

  protected untilIdle<T>(poll: () => Poll<T>): Poll<T> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const value = poll();
      if (value !== Pending || !this.isWoken()) return value;
    }
    throw new AssertionFailedError(
      `was woken by each of ${MOST_ROUNDS} polls in a row: it never becomes idle`,
      {},
    );
  }

  abstract [Symbol.dispose](): void;
}

/** A future that is polled by hand. */
export class MockTask<T> extends Mock {
  private future: Future<T> | undefined;

  /** @internal */
  constructor(future: Future<T>) {
    super();
    this.future = future;
  }

  /** Polls once. @throws what the future throws. */
  poll(): Poll<T> {
    const future = this.mine();
    return this.enter((cx) => future.poll(cx));
  }

  /**
   * Polls until the future is ready, or pending without having been woken.
   *
   * @throws {AssertionFailedError} when 150 polls in a row have each woken it. @throws what the future throws.
   */
  pollUntilIdle(): Poll<T> {
    return this.untilIdle(() => this.poll());
  }

  /** Gives the future back as it is: the task is empty then, and drops nothing. @throws {AssertionFailedError} the second time. */
  intoInner(): Future<T> {
    const future = this.mine();
    this.future = undefined;
    return future;
  }

  private mine(): Future<T> {
    if (this.future === undefined)
      throw new AssertionFailedError("the future of this task was taken with intoInner()", {});
    return this.future;
  }

  /** Drops the future, if it was not taken. */
  override [Symbol.dispose](): void {
    this.future?.[Symbol.dispose]();
  }
}

/** A stream that is polled by hand. */
export class MockStreamTask<T> extends Mock {
  private stream: Stream<T> | undefined;

  /** @internal */
  constructor(stream: Stream<T>) {
    super();
    this.stream = stream;
  }

  /** Polls for the next item once: the item, undefined at the end, or `Pending`. @throws what the stream throws. */
  pollNext(): Poll<T | undefined> {
    const stream = this.mine();
    return this.enter((cx) => stream.pollNext(cx));
  }

  /** Polls for the next item until it is there, or the stream is pending without having been woken. As {@link MockTask.pollUntilIdle}. */
  pollUntilIdle(): Poll<T | undefined> {
    return this.untilIdle(() => this.pollNext());
  }

  /** Gives the stream back as it is: the task is empty then, and drops nothing. @throws {AssertionFailedError} the second time. */
  intoInner(): Stream<T> {
    const stream = this.mine();
    this.stream = undefined;
    return stream;
  }

  private mine(): Stream<T> {
    if (this.stream === undefined)
      throw new AssertionFailedError("the stream of this task was taken with intoInner()", {});
    return this.stream;
  }

  /** Drops the stream, if it was not taken. */
  override [Symbol.dispose](): void {
    this.stream?.[Symbol.dispose]();
  }
}

/**
 * A future, or a stream, to be polled by hand, with a waker of its own: tokio-test's `task::spawn`. Nothing else drives it.
 *
 * @throws {NotAFutureError} for anything else.
 */
export function task<T>(stream: Stream<T>): MockStreamTask<T>;
export function task<T>(future: IntoFuture<T>): MockTask<T>;
export function task(target: unknown): MockTask<unknown> | MockStreamTask<unknown> {
  if (typeof (target as Stream<unknown> | null)?.pollNext === "function")
    return new MockStreamTask(target as Stream<unknown>);
  if (typeof target === "function")
    throw new NotAFutureError(
      `task(future) was given ${describe(target)}: call it, or write \`task(future(fn, ...args))\``,
      target,
    );
  return new MockTask(intoFuture(target as IntoFuture<unknown>, "task(future)"));
}
