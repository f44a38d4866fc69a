// What a callback of the user's gives: a value at once, or something to wait for.

import {
  type AsyncContext,
  type Coroutine,
  CoroutineFuture,
  Future,
  fromPromise,
  isCoroutine,
  waitFor,
} from "../future/index.js";

/** What a callback may return to give an `R`. */
export type Returned<R> = R | PromiseLike<R> | Coroutine<R>;

export function isPromise(result: unknown): result is PromiseLike<unknown> {
  return (
    !(result instanceof Future) &&
    typeof (result as PromiseLike<unknown> | null | undefined)?.then === "function"
  );
}

/** The future of what a callback returned; undefined if that is the value itself. */
export function futureOf(result: unknown): Future<unknown> | undefined {
  if (result instanceof Future) return waitFor(result);
  if (isCoroutine(result)) return new CoroutineFuture(result);
  if (isPromise(result)) return fromPromise(result);
  return undefined;
}

/** What an async function gets as its last argument. */
export class CallbackContext implements AsyncContext {
  private controller: AbortController | undefined = undefined;

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  abort(): void {
    this.controller?.abort();
  }
}
