// withSignal: a future that an AbortSignal ends.

import {
  beginOutside,
  type Context,
  describeWait,
  endOutside,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  type Waker,
} from "../future/index.js";
import { InvalidArgumentError } from "../runtime/errors.js";

class WithSignal<T> extends Future<T> {
  private readonly signal: AbortSignal;
  private inner: Future<T> | undefined;
  private waker: Waker | undefined;
  private readonly onAbort = (): void => this.waker?.wake();

  constructor(signal: AbortSignal, inner: Future<T>) {
    super();
    this.signal = signal;
    this.inner = inner;
  }

  override poll(cx: Context): Poll<T> {
    if (this.inner === undefined) throw new PolledAfterCompletionError("withSignal");
    if (this.signal.aborted) {
      this[Symbol.dispose]();
      throw this.signal.reason;
    }
    let ended = true;
    try {
      const value = this.inner.poll(cx);
      ended = value !== Pending;
      if (!ended) this.listen(cx.waker);
      return value;
    } finally {
      if (ended) this.complete();
    }
  }

  private listen(waker: Waker): void {
    if (this.waker === undefined) {
      this.signal.addEventListener("abort", this.onAbort);
      beginOutside(this, "an AbortSignal");
    }
    this.waker = waker;
  }

  private complete(): void {
    this.inner = undefined;
    if (this.waker === undefined) return;
    this.signal.removeEventListener("abort", this.onAbort);
    endOutside(this);
    this.waker = undefined;
  }

  override waitsFor(): string | undefined {
    return this.inner && `${describeWait(this.inner)}, or an AbortSignal`;
  }

  override [Symbol.dispose](): void {
    const inner = this.inner;
    this.complete();
    inner?.[Symbol.dispose]();
  }
}

/**
 * A future that ends when the signal fires: it is dropped, and the signal's reason is thrown.
 *
 * @throws {InvalidArgumentError} at the call, if `signal` is no AbortSignal. @throws {NotAFutureError} at the call.
 *
 * Cancel-safe if `future` is.
 */
export function withSignal<T>(signal: AbortSignal, future: IntoFuture<T>): Future<T> {
  if (typeof signal?.addEventListener !== "function")
    throw new InvalidArgumentError("withSignal(signal, future)", signal, "an AbortSignal");
  return new WithSignal(signal, intoFuture(future, "withSignal(signal, future)"));
}
