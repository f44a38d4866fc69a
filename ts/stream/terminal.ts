// What makes one value of a whole stream.

import {
  type Context,
  dropAllBecause,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { type ResultLike, type Source, takeValue } from "./source.js";

/** Takes every item. Owns its source: gives it back at its end, when it fails, and when it is dropped. */
abstract class Drain<T, R> extends Future<R> {
  private source: Source<T> | undefined;
  private readonly what: string;

  constructor(source: Source<T>, what: string) {
    super();
    this.source = source;
    this.what = what;
  }

  override poll(cx: Context): Poll<R> {
    const { source } = this;
    if (source === undefined) throw new PolledAfterCompletionError(this.what);
    try {
      for (;;) {
        const item = source.pollNext(cx);
        if (item === Pending) return Pending;
        if (item === undefined) break;
        this.take(item);
      }
    } catch (error) {
      this.source = undefined;
      throw dropAllBecause(error, [source]);
    }
    this[Symbol.dispose]();
    return this.finish();
  }

  protected abstract take(item: T): void;
  protected abstract finish(): R;

  override waitsFor(): string | undefined {
    return this.source?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const { source } = this;
    this.source = undefined;
    source?.[Symbol.dispose]();
  }
}

export class Collect<T> extends Drain<T, T[]> {
  private readonly items: T[] = [];

  constructor(source: Source<T>) {
    super(source, "collect()");
  }

  protected override take(item: T): void {
    this.items.push(item);
  }

  protected override finish(): T[] {
    return this.items;
  }
}

/** Stops at the first error. */
export class TryCollect<T> extends Drain<ResultLike<T>, T[]> {
  private readonly items: T[] = [];

  constructor(source: Source<ResultLike<T>>) {
    super(source, "tryCollect()");
  }

  protected override take(item: ResultLike<T>): void {
    this.items.push(takeValue(item));
  }

  protected override finish(): T[] {
    return this.items;
  }
}

export class Fold<T, A> extends Drain<T, A> {
  private value: A;
  private readonly fn: (value: A, item: T) => A;

  constructor(source: Source<T>, initial: A, fn: (value: A, item: T) => A) {
    super(source, "fold()");
    this.value = initial;
    this.fn = fn;
  }

  protected override take(item: T): void {
    const { fn } = this;
    this.value = fn(this.value, item);
  }

  protected override finish(): A {
    return this.value;
  }
}

/** So many items in one poll, then the others get their turn. Tokio's figure. */
const BATCH = 32;

/** Takes items until the function says `stop`; the stream is the caller's, and can be used afterwards. */
export class Search<T> extends Future<boolean> {
  private readonly stream: Source<T>;
  private readonly fn: (item: T) => boolean;
  private readonly stop: boolean;
  private done: boolean;

  /** @param stop the answer that ends the search, and its value; a stream that ends first gives the other one. */
  constructor(stream: Source<T>, fn: (item: T) => boolean, stop: boolean) {
    super();
    this.stream = stream;
    this.fn = fn;
    this.stop = stop;
    this.done = false;
  }

  override poll(cx: Context): Poll<boolean> {
    if (this.done) throw new PolledAfterCompletionError(this.stop ? "any()" : "all()");
    this.done = true;
    const answer = this.search(cx);
    if (answer === Pending) this.done = false;
    return answer;
  }

  private search(cx: Context): Poll<boolean> {
    const { fn, stop } = this;
    for (let count = 0; count < BATCH; count++) {
      const item = this.stream.pollNext(cx);
      if (item === Pending) return Pending;
      if (item === undefined) return !stop;
      if (fn(item) === stop) return stop;
    }
    cx.waker.wakeDeferred();
    return Pending;
  }

  override waitsFor(): string | undefined {
    return this.stream.waitsFor();
  }
}
