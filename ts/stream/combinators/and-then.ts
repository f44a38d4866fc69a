// andThen: a future for each item, one after the other.

import {
  type Context,
  type Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
} from "../../future/index.js";
import { UndefinedItemError } from "../errors.js";
import { type Source, Step } from "../source.js";

export class AndThenStep<T, U> extends Step<T, U> {
  private readonly fn: (item: T) => IntoFuture<U>;
  /** Of the item that was taken last. It is the stream's, not the `next()`'s: a `next()` that is dropped loses nothing. */
  private current: Future<U> | undefined;

  constructor(source: Source<T>, fn: (item: T) => IntoFuture<U>) {
    super(source);
    this.fn = fn;
    this.current = undefined;
  }

  override pollNext(cx: Context): Poll<U | undefined> {
    if (this.current === undefined) {
      const item = this.source.pollNext(cx);
      if (item === Pending || item === undefined) return item as Pending | undefined;
      const { fn } = this;
      this.current = intoFuture(fn(item), "the result of `andThen`'s function");
    }
    const value = this.current.poll(cx);
    if (value === Pending) return Pending;
    this.current = undefined;
    if (value === undefined) throw new UndefinedItemError("a future of `andThen`");
    return value;
  }

  override waitsFor(): string | undefined {
    return this.current === undefined ? super.waitsFor() : this.current.waitsFor();
  }

  override [Symbol.dispose](): void {
    const current = this.current;
    this.current = undefined;
    // The future first: it may use what the source holds.
    try {
      current?.[Symbol.dispose]();
    } finally {
      super[Symbol.dispose]();
    }
  }
}
