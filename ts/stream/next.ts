// next and tryNext: futures of one item.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  requireContext,
  type Suspension,
  suspend,
} from "../future/index.js";
import { type ResultLike, type Source, takeValue } from "./source.js";

export class Next<T> extends Future<T | undefined> {
  private readonly stream: Source<T>;
  private done: boolean;

  constructor(stream: Source<T>) {
    super();
    this.stream = stream;
    this.done = false;
  }

  override poll(cx: Context): Poll<T | undefined> {
    if (this.done) throw new PolledAfterCompletionError("next()");
    // An error is an end too, so the mark stands before the poll.
    this.done = true;
    const item = this.stream.pollNext(cx);
    if (item === Pending) this.done = false;
    return item;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T | undefined> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  override waitsFor(): string {
    return this.stream.waitsFor() ?? "the next item of a stream";
  }
}

export class TryNext<T> extends Future<T | undefined> {
  private readonly inner: Next<ResultLike<T>>;

  constructor(stream: Source<ResultLike<T>>) {
    super();
    this.inner = new Next(stream);
  }

  override poll(cx: Context): Poll<T | undefined> {
    const item = this.inner.poll(cx);
    return item === Pending || item === undefined ? item : takeValue(item);
  }

  override waitsFor(): string {
    return this.inner.waitsFor();
  }
}
