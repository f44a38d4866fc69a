// Promises one after the other as a stream: async iterables, and readables of the web platform.
//
// A1  The next item is asked for at the first poll that wants it, and never more than one at a time.
// A2  What was asked for belongs to the stream: a `next()` that is dropped loses nothing.
// A3  A stream that is dropped ends its source: `return()`, `cancel()`.

import { type Context, type Future, fromPromise, Pending, type Poll } from "../../future/index.js";
import { StreamArgumentError, UndefinedItemError } from "../errors.js";
import { dropReason } from "../reason.js";
import { Stream } from "../stream.js";

type Step<T> = { readonly done?: boolean | undefined; readonly value?: T | undefined };

function ignore(): void {}

abstract class PulledStream<T> extends Stream<T> {
  private asked: Future<Step<T>> | undefined = undefined;
  private ended = false;

  /** Asks the source. */
  protected abstract pull(): PromiseLike<Step<T>>;

  /** The source has ended, or failed. */
  protected abstract sourceEnded(): void;

  /** The source is no longer wanted, in the middle. */
  protected abstract cancel(): void;

  override pollNext(cx: Context): Poll<T | undefined> {
    if (this.ended) return undefined;
    this.asked ??= fromPromise(() => this.pull());
    let step: Poll<Step<T>>;
    try {
      step = this.asked.poll(cx);
    } catch (error) {
      this.finish();
      throw error;
    }
    if (step === Pending) return Pending;
    this.asked = undefined;
    if (step.done === true) {
      this.finish();
      return undefined;
    }
    if (step.value !== undefined) return step.value;
    this[Symbol.dispose]();
    throw new UndefinedItemError("an async source");
  }

  private finish(): void {
    this.ended = true;
    this.asked = undefined;
    this.sourceEnded();
  }

  override waitsFor(): string {
    return "an async source";
  }

  override [Symbol.dispose](): void {
    if (this.ended) return;
    this.ended = true;
    const { asked } = this;
    this.asked = undefined;
    asked?.[Symbol.dispose]();
    this.cancel();
  }
}

class IterableStream<T> extends PulledStream<T> {
  private iterable: AsyncIterable<T> | undefined;
  private iterator: AsyncIterator<T> | undefined = undefined;

  constructor(iterable: AsyncIterable<T>) {
    super();
    this.iterable = iterable;
  }

  protected override pull(): PromiseLike<Step<T>> {
    this.iterator ??= (this.iterable as AsyncIterable<T>)[Symbol.asyncIterator]();
    this.iterable = undefined;
    return this.iterator.next();
  }

  protected override sourceEnded(): void {
    this.iterable = undefined;
    this.iterator = undefined;
  }

  protected override cancel(): void {
    const { iterator } = this;
    this.sourceEnded();
    // Nobody is left to be told that its clean-up failed; what it throws at once is thrown.
    iterator?.return?.()?.then(undefined, ignore);
  }
}

export interface FromWebOptions {
  /**
   * Dropping the stream gives the lock back and leaves the readable to be read on by somebody else. A chunk that had been asked
   * for and came after the last poll is lost.
   */
  readonly preventCancel?: boolean;
}

class WebStream<T> extends PulledStream<T> {
  private readonly reader: ReadableStreamDefaultReader<T>;
  private readonly preventCancel: boolean;

  constructor(readable: ReadableStream<T>, options: FromWebOptions) {
    super();
    this.reader = readable.getReader();
    this.preventCancel = options.preventCancel === true;
  }

  protected override pull(): PromiseLike<Step<T>> {
    return this.reader.read();
  }

  protected override sourceEnded(): void {
    this.reader.releaseLock();
  }

  protected override cancel(): void {
    if (!this.preventCancel) this.reader.cancel(dropReason()).catch(ignore);
    this.reader.releaseLock();
  }
}

/**
 * The items of an async iterable: of an async generator that was called, say. Each is asked for when it is wanted. Dropping the
 * stream calls the iterator's `return()`.
 *
 * @throws (from the poll) what the iterator rejects with; {@link UndefinedItemError} for an item that is undefined;
 *   {@link BlockedLoopError} under `blockOn`.
 */
export function fromAsyncIterable<T>(iterable: AsyncIterable<T>): Stream<T> {
  if (iterable instanceof Stream) return iterable;
  if (typeof iterable?.[Symbol.asyncIterator] !== "function")
    throw new StreamArgumentError("fromAsyncIterable(iterable)", iterable, "an async iterable");
  return new IterableStream(iterable);
}

/**
 * The chunks of a `ReadableStream` of the web platform: a response's body, say. Takes its lock at once. Each chunk is asked for
 * when it is wanted. Dropping the stream cancels the readable, for the reason for which it was dropped if there is one (the error
 * of a sink, say), and gives the lock back.
 *
 * @throws {TypeError} at the call, when somebody else holds the lock.
 * @throws (from the poll) the readable's error; {@link BlockedLoopError} under `blockOn`.
 */
export function fromWeb<T>(readable: ReadableStream<T>, options: FromWebOptions = {}): Stream<T> {
  if (typeof readable?.getReader !== "function")
    throw new StreamArgumentError("fromWeb(readable)", readable, "a ReadableStream");
  return new WebStream(readable, options);
}
