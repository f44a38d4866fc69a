// Combinators that look at one item at a time.

import { type Context, Pending, type Poll } from "../../future/index.js";
import { UndefinedItemError } from "../errors.js";
import { type ResultLike, type Source, Step, takeValue } from "../source.js";

export class MapStep<T, U> extends Step<T, U> {
  private readonly fn: (item: T) => U;

  constructor(source: Source<T>, fn: (item: T) => U) {
    super(source);
    this.fn = fn;
  }

  override pollNext(cx: Context): Poll<U | undefined> {
    const item = this.source.pollNext(cx);
    if (item === Pending || item === undefined) return item as Pending | undefined;
    // Called as a plain function: it is the caller's, not a method of this.
    const { fn } = this;
    const mapped = fn(item);
    if (mapped === undefined) throw new UndefinedItemError("the function of `map`");
    return mapped;
  }
}

export class MapWhileStep<T, U> extends Step<T, U> {
  private readonly fn: (item: T) => U | undefined;

  constructor(source: Source<T>, fn: (item: T) => U | undefined) {
    super(source);
    this.fn = fn;
  }

  override pollNext(cx: Context): Poll<U | undefined> {
    const item = this.source.pollNext(cx);
    if (item === Pending || item === undefined) return item as Pending | undefined;
    const { fn } = this;
    return fn(item);
  }
}

export class FilterStep<T> extends Step<T, T> {
  private readonly fn: (item: T) => boolean;

  constructor(source: Source<T>, fn: (item: T) => boolean) {
    super(source);
    this.fn = fn;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { fn } = this;
    for (;;) {
      const item = this.source.pollNext(cx);
      if (item === Pending || item === undefined || fn(item)) return item;
    }
  }
}

export class FilterMapStep<T, U> extends Step<T, U> {
  private readonly fn: (item: T) => U | undefined;

  constructor(source: Source<T>, fn: (item: T) => U | undefined) {
    super(source);
    this.fn = fn;
  }

  override pollNext(cx: Context): Poll<U | undefined> {
    const { fn } = this;
    for (;;) {
      const item = this.source.pollNext(cx);
      if (item === Pending || item === undefined) return item as Pending | undefined;
      const mapped = fn(item);
      if (mapped !== undefined) return mapped;
    }
  }
}

/** Errors that were items are thrown. */
export class UnwrapStep<T> extends Step<ResultLike<T>, T> {
  override pollNext(cx: Context): Poll<T | undefined> {
    const item = this.source.pollNext(cx);
    if (item === Pending || item === undefined) return item as Pending | undefined;
    const value = takeValue(item);
    if (value === undefined) throw new UndefinedItemError("a result of the stream");
    return value;
  }
}
