// A stream as an async iterator: what `for await`, Web Streams and Node's streams pull from.
//
// I1  Nothing is asked of the stream before somebody asks the iterator.
// I2  Several `next()` at once are served one after the other.
// I3  `return()` drops the stream at once; a `next()` that waits ends with `done`.

import {
  type Context,
  type Driver,
  Future,
  Pending,
  type Poll,
  type Waker,
} from "../../future/index.js";
import { dropBecause } from "../reason.js";
import type { Source } from "../source.js";

type Step<T> = IteratorResult<T, undefined>;

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class StreamIterator<T> implements AsyncIterator<T, undefined>, AsyncIterable<T> {
  private readonly stream: Source<T>;
  private readonly driver: Driver;
  private readonly waiting: (() => void)[] = [];
  private busy = false;
  private closed = false;
  /** Whether it was ended by `return()`. */
  cancelled = false;
  /** Of the step that waits for the stream. */
  waker: Waker | undefined = undefined;

  constructor(stream: Source<T>, driver: Driver) {
    this.stream = stream;
    this.driver = driver;
  }

  next(): Promise<Step<T>> {
    if (!this.busy) return this.begin();
    return new Promise<void>((resolve) => this.waiting.push(resolve)).then(() => this.begin());
  }

  private begin(): Promise<Step<T>> {
    this.busy = true;
    const step = new ForAwait(this);
    const promise = this.driver(step);
    // A driver that refuses has not polled it.
    promise.then(undefined, () => step[Symbol.dispose]());
    return promise;
  }

  /** The next item as a step; ended for good when the stream has ended or thrown. */
  pollStep(cx: Context): Poll<Step<T>> {
    if (this.closed) return END;
    this.closed = true;
    const item = this.stream.pollNext(cx);
    if (item === undefined) return END;
    this.closed = false;
    return item === Pending ? Pending : { done: false, value: item };
  }

  /** The step that was under way is over: the next that waits has its turn. */
  release(): void {
    this.waker = undefined;
    this.busy = false;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.busy = true;
    next();
  }

  waitsFor(): string | undefined {
    return this.stream.waitsFor();
  }

  return(): Promise<Step<T>> {
    return this.cancel(undefined);
  }

  /** As `return`, for a reason that the source is told. */
  async cancel(reason: unknown): Promise<Step<T>> {
    this.closed = true;
    this.cancelled = true;
    const { waker } = this;
    this.waker = undefined;
    try {
      dropBecause(reason, this.stream);
    } finally {
      waker?.wake();
    }
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

class ForAwait<T> extends Future<Step<T>> {
  private readonly iterator: StreamIterator<T>;
  private done = false;

  constructor(iterator: StreamIterator<T>) {
    super();
    this.iterator = iterator;
  }

  override poll(cx: Context): Poll<Step<T>> {
    let ended = true;
    try {
      const step = this.iterator.pollStep(cx);
      ended = step !== Pending;
      if (!ended) this.iterator.waker = cx.waker;
      return step;
    } finally {
      if (ended) this[Symbol.dispose]();
    }
  }

  override waitsFor(): string {
    return this.iterator.waitsFor() ?? "the next item of a stream";
  }

  override [Symbol.dispose](): void {
    if (this.done) return;
    this.done = true;
    this.iterator.release();
  }
}
