// Combinators that begin late or end early.

import { type Context, Pending, type Poll } from "../../future/index.js";
import { type Source, Step } from "../source.js";

export class TakeStep<T> extends Step<T, T> {
  private left: number;

  constructor(source: Source<T>, count: number) {
    super(source);
    this.left = count;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    if (this.left === 0) return undefined;
    const item = this.source.pollNext(cx);
    if (item !== Pending && item !== undefined) this.left -= 1;
    return item;
  }
}

export class TakeWhileStep<T> extends Step<T, T> {
  private readonly fn: (item: T) => boolean;

  constructor(source: Source<T>, fn: (item: T) => boolean) {
    super(source);
    this.fn = fn;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const item = this.source.pollNext(cx);
    if (item === Pending || item === undefined) return item;
    const { fn } = this;
    return fn(item) ? item : undefined;
  }
}

export class SkipStep<T> extends Step<T, T> {
  private left: number;

  constructor(source: Source<T>, count: number) {
    super(source);
    this.left = count;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    for (;;) {
      const item = this.source.pollNext(cx);
      if (item === Pending || item === undefined || this.left === 0) return item;
      this.left -= 1;
    }
  }
}

export class SkipWhileStep<T> extends Step<T, T> {
  private readonly fn: (item: T) => boolean;
  private skipping: boolean;

  constructor(source: Source<T>, fn: (item: T) => boolean) {
    super(source);
    this.fn = fn;
    this.skipping = true;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { fn } = this;
    for (;;) {
      const item = this.source.pollNext(cx);
      if (item === Pending || item === undefined || !this.skipping) return item;
      this.skipping = fn(item);
      if (!this.skipping) return item;
    }
  }
}
