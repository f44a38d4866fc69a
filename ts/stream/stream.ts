// Stream: items that come one after the other, each as soon as it is asked for and there.
//
// S1  A stream does nothing until it is polled.
// S2  A poll that returns Pending has stored `cx.waker` where something will call it, as a future's does.
// S3  undefined is the end, and never an item. After the end every poll gives undefined again; a stream of your own that does
//     not keep to this is mended by `fuse()`.
// S4  A poll that throws has ended the stream. What is to outlive an error is an item: see `Result`, `unwrap`, `results`.
// S5  Dropping a stream drops what it holds; so does its end, and an error. Twice is harmless, and polls give undefined then.
//     As with a future, nobody who waits for it meanwhile is woken (but `return()` of its async iterator does that).
// S6  The item that was taken last, and a future that was begun for it, belong to the stream and not to the `next()` that waits:
//     so dropping a `next()` loses nothing.
//
// A combinator takes its stream over. Combinators are sources (`source.ts`) that stand directly on each other; the one stream
// around the last of them, `Derived`, sees to S3 to S5 for all of them.

import { type Duration, toMillis } from "../future/duration.js";
import type { ElapsedError } from "../future/errors.js";
import {
  type Context,
  driveFuture,
  dropAllBecause,
  type Future,
  type IntoFuture,
  type Poll,
} from "../future/index.js";
import { StreamIterator } from "./bridges/iterator.js";
import { NodeSink } from "./bridges/node-sink.js";
import type { NodeReadable, NodeWritableLike } from "./bridges/node-types.js";
import { Pipe, type PipeOptions } from "./bridges/pipe.js";
import { type NodeOptions, toNode } from "./bridges/to-node.js";
import { toWeb, type WebOptions } from "./bridges/to-web.js";
import { WebSink } from "./bridges/web-sink.js";
import { AndThenStep } from "./combinators/and-then.js";
import { ChunksStep } from "./combinators/chunks.js";
import { SkipStep, SkipWhileStep, TakeStep, TakeWhileStep } from "./combinators/limits.js";
import { FilterMapStep, FilterStep, MapStep, MapWhileStep, UnwrapStep } from "./combinators/map.js";
import { Chained, Merged } from "./combinators/pairs.js";
import { Peek, PeekStep } from "./combinators/peek.js";
import { ResultsStep } from "./combinators/results.js";
import {
  ThrottleStep,
  type Ticking,
  TimeoutRepeatingStep,
  TimeoutStep,
} from "./combinators/time.js";
import { checkCount, checkFunction, StreamArgumentError } from "./errors.js";
import { Next, TryNext } from "./next.js";
import type { Result, ResultLike, Source } from "./source.js";
import { Collect, Fold, Search, TryCollect } from "./terminal.js";

/**
 * Items that come one after the other. Lazy, pulled by whoever wants them, cancelled by dropping it.
 *
 * In a coroutine: `for (let item; (item = yield* stream.next()) !== undefined; )`; in an async function: `for await (const item
 * of stream)`. To write one by hand, extend this class and give it `pollNext` and, if it holds anything, `[Symbol.dispose]`.
 *
 * A method that returns a stream takes this one over: from then on it is polled and dropped with the new one. Use
 * {@link byRef} to keep it.
 */
export abstract class Stream<T> implements AsyncIterable<T>, Disposable {
  /**
   * Tries to give the next item.
   *
   * @param cx holds the waker to store before returning Pending; a later poll may bring another, the last one counts.
   * @returns the item, undefined at the end, or `Pending`.
   * @throws what the stream fails with; it has ended then.
   */
  abstract pollNext(cx: Context): Poll<T | undefined>;

  /** Drops what the stream holds. Harmless when it has ended, and when done twice. */
  [Symbol.dispose](): void {}

  /** What it waits for, for a report of a deadlock; as `Future.waitsFor`. */
  waitsFor(): string | undefined {
    return undefined;
  }

  /** What a combinator stands on. */
  protected asSource(): Source<T> {
    return this;
  }

  /** Waits for the next item; undefined at the end. Cancel-safe. @throws what the stream fails with. */
  next(): Future<T | undefined> {
    return new Next(this);
  }

  /**
   * Waits for the next item of a stream of results, and takes it apart. Cancel-safe. The stream goes on after an error.
   *
   * @returns the value, or undefined at the end.
   * @throws (from the poll) the error, if the item is one.
   */
  tryNext<U>(this: Stream<ResultLike<U>>): Future<U | undefined> {
    return new TryNext(this);
  }

  /** The same stream by reference: it ends when this one does, for good, and dropping it leaves this one as it is. */
  byRef(): Stream<T> {
    return new ByReference(this);
  }

  /**
   * Each item as the function makes it.
   *
   * @throws (from the poll) {@link UndefinedItemError} when it makes undefined.
   */
  map<U>(fn: (item: T) => U): Stream<U> {
    checkFunction("map(fn)", fn);
    return new Derived(new MapStep(this.asSource(), fn));
  }

  /** Each item as the function makes it, up to the first that it makes undefined. */
  mapWhile<U>(fn: (item: T) => U | undefined): Stream<U> {
    checkFunction("mapWhile(fn)", fn);
    return new Derived(new MapWhileStep(this.asSource(), fn));
  }

  /**
   * Tokio's `then`: each item as the future makes it that the function returns; one at a time. (A method of that name would
   * make a promise of every stream: `await` would call it.)
   *
   * Dropping a `next()` leaves the future as it is: the next one goes on with it. Dropping the stream drops it.
   *
   * @param fn returns a future, or is a coroutine function.
   */
  andThen<U>(fn: (item: T) => IntoFuture<U>): Stream<U> {
    checkFunction("andThen(fn)", fn);
    return new Derived(new AndThenStep(this.asSource(), fn));
  }

  /** The items of both as they come; ends when both have ended. They take turns in being asked first. */
  merge<U>(other: Stream<U>): Stream<T | U> {
    checkStream("merge(other)", other);
    return new Derived(new Merged<T | U>(this.asSource(), other.asSource()));
  }

  /** The items of which the function holds; as a type guard it narrows them. */
  filter<S extends T>(fn: (item: T) => item is S): Stream<S>;
  filter(fn: (item: T) => boolean): Stream<T>;
  filter(fn: (item: T) => boolean): Stream<T> {
    checkFunction("filter(fn)", fn);
    return new Derived(new FilterStep(this.asSource(), fn));
  }

  /** Each item as the function makes it, without those that it makes undefined. */
  filterMap<U>(fn: (item: T) => U | undefined): Stream<U> {
    checkFunction("filterMap(fn)", fn);
    return new Derived(new FilterMapStep(this.asSource(), fn));
  }

  /** A stream that stays at its end, for one written by hand that does not. */
  fuse(): Stream<T> {
    return new Derived(this.asSource());
  }

  /** The first `count` items. @throws {StreamArgumentError} at the call, when that is no whole number from 0 on. */
  take(count: number): Stream<T> {
    checkCount("take(count)", count, 0);
    return new Derived(new TakeStep(this.asSource(), count));
  }

  /** The items up to the first of which the function does not hold; that one is lost. */
  takeWhile<S extends T>(fn: (item: T) => item is S): Stream<S>;
  takeWhile(fn: (item: T) => boolean): Stream<T>;
  takeWhile(fn: (item: T) => boolean): Stream<T> {
    checkFunction("takeWhile(fn)", fn);
    return new Derived(new TakeWhileStep(this.asSource(), fn));
  }

  /** The items after the first `count`. @throws {StreamArgumentError} at the call, as {@link take}. */
  skip(count: number): Stream<T> {
    checkCount("skip(count)", count, 0);
    return new Derived(new SkipStep(this.asSource(), count));
  }

  /** The items from the first on of which the function does not hold. */
  skipWhile(fn: (item: T) => boolean): Stream<T> {
    checkFunction("skipWhile(fn)", fn);
    return new Derived(new SkipWhileStep(this.asSource(), fn));
  }

  /** The items of this stream, then those of the other, which is not polled before. */
  chain<U>(other: Stream<U>): Stream<T | U> {
    checkStream("chain(other)", other);
    return new Derived(new Chained<T | U>(this.asSource(), other.asSource()));
  }

  /**
   * Whether the function holds of all items. Stops at the first of which it does not, and leaves the stream behind that one.
   * Not cancel-safe: the items that were looked at are gone.
   */
  all(fn: (item: T) => boolean): Future<boolean> {
    checkFunction("all(fn)", fn);
    return new Search(this, fn, false);
  }

  /** Whether the function holds of any item. Stops at the first of which it does. Otherwise as {@link all}. */
  any(fn: (item: T) => boolean): Future<boolean> {
    checkFunction("any(fn)", fn);
    return new Search(this, fn, true);
  }

  /** One value of all items. Takes the stream over: dropping the future drops it. Not cancel-safe. */
  fold<A>(initial: A, fn: (value: A, item: T) => A): Future<A> {
    checkFunction("fold(initial, fn)", fn);
    return new Fold(this.asSource(), initial, fn);
  }

  /** All items. Takes the stream over: dropping the future drops it. Not cancel-safe. */
  collect(): Future<T[]> {
    return new Collect(this.asSource());
  }

  /**
   * All values of a stream of results. Otherwise as {@link collect}.
   *
   * @throws (from the poll) the first error among them; the stream is dropped then.
   */
  tryCollect<U>(this: Stream<ResultLike<U>>): Future<U[]> {
    return new TryCollect(this.asSource());
  }

  /** The values of a stream of results; the first error is thrown, and ends it. */
  unwrap<U>(this: Stream<ResultLike<U>>): Stream<U> {
    return new Derived(new UnwrapStep(this.asSource()));
  }

  /** Each item as `{ value }`; what the stream throws comes as a last item, `{ error }`. */
  results(): Stream<Result<T>> {
    return new Derived(new ResultsStep(this.asSource()));
  }

  /**
   * Items as `{ value }`, and `{ error: ElapsedError }` when none has come for so long: once in each gap. The stream goes on.
   *
   * @param duration milliseconds, or a duration. It begins with the first poll, and anew with each item.
   * @throws {DurationError} at the call.
   */
  timeout(duration: Duration): Stream<Result<T, ElapsedError>> {
    const timeoutMs = toMillis(duration, "Stream.timeout(duration)");
    return new Derived(new TimeoutStep(this.asSource(), timeoutMs));
  }

  /**
   * Items as `{ value }`, and `{ error: ElapsedError }` at each tick of the interval while none comes. An item resets it. The
   * first tick of an `interval` comes at once; use `intervalAt` where it should not.
   */
  timeoutRepeating(interval: Ticking): Stream<Result<T, ElapsedError>> {
    return new Derived(new TimeoutRepeatingStep(this.asSource(), interval));
  }

  /**
   * At most one item in each `duration`: the stream is not asked before so much time has gone by since its last item.
   *
   * @param duration milliseconds, or a duration; 0 changes nothing.
   * @throws {DurationError} at the call.
   */
  throttle(duration: Duration): Stream<T> {
    const gapMs = toMillis(duration, "Stream.throttle(duration)");
    return new Derived(new ThrottleStep(this.asSource(), gapMs));
  }

  /**
   * Items in arrays: of `limit`, or fewer when `duration` has gone by since the first of them, or the stream has ended or thrown.
   * None is empty.
   *
   * @param limit a whole number from 1 on. @param duration milliseconds, or a duration.
   * @throws {StreamArgumentError} at the call. @throws {DurationError} at the call.
   */
  chunksTimeout(limit: number, duration: Duration): ChunksTimeout<T> {
    checkCount("chunksTimeout(limit, duration)", limit, 1);
    const timeoutMs = toMillis(duration, "Stream.chunksTimeout(limit, duration)");
    return new ChunksTimeout(new ChunksStep(this.asSource(), limit, timeoutMs));
  }

  /** A stream whose next item can be looked at before it is taken. */
  peekable(): Peekable<T> {
    return new Peekable(new PeekStep(this.asSource()));
  }

  /**
   * For `for await`, and for whatever takes an async iterable. Each item is awaited on the current runtime. Leaving the loop
   * drops the stream; `return()` does so at once, and a `next()` that waits then ends.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> & AsyncIterable<T> {
    return new StreamIterator(this, driveFuture);
  }

  /**
   * As a `ReadableStream` of the web platform. It pulls one item for each that is read, on the runtime in which this was called.
   * Cancelling it drops the stream, and passes its reason on to what `fromWeb` has made; an error of the stream is its error.
   */
  toWeb(options: WebOptions<T> = {}): ReadableStream<T> {
    return toWeb(this, options);
  }

  /**
   * As a `Readable` of Node. It pulls one item for each that is read, on the runtime in which this was called. Destroying it drops
   * the stream, an error of the stream destroys it.
   *
   * @throws {Error} where there are no streams of Node.
   */
  toNode(options: NodeOptions = {}): NodeReadable<T> {
    return toNode(this, options);
  }

  /**
   * Writes every item to a `WritableStream` and closes it; waits until all is taken. An item is asked for when there is room.
   * Takes the stream over, and the writable's lock from the first poll on.
   *
   * Dropping it, and an error of the stream, aborts the writable; an error of the writable drops the stream and is thrown. Not
   * cancel-safe.
   *
   * @throws (from the poll) what either side fails with; {@link ClosedSinkError} when somebody else closes the writable, or has;
   *   {@link BlockedLoopError} under `blockOn`.
   */
  pipeTo(writable: WritableStream<T>, options: PipeOptions = {}): Future<void> {
    return new Pipe(this, () => new WebSink(writable), options);
  }

  /** The same with a `Writable` of Node: "drain" is waited for, `end` closes it, `destroy` aborts it. */
  pipeToNode(writable: NodeWritableLike, options: PipeOptions = {}): Future<void> {
    return new Pipe(this, () => new NodeSink(writable), options);
  }
}

/** @internal @throws {StreamArgumentError} unless `value` is a stream. */
export function checkStream(argument: string, value: unknown): void {
  if (value instanceof Stream) return;
  const hint =
    "a Stream: make one of an async iterable with `fromAsyncIterable`, of an array with `iter`";
  throw new StreamArgumentError(argument, value, hint);
}

const nothing: Source<never> = {
  pollNext: () => undefined,
  waitsFor: () => undefined,
  [Symbol.dispose]: () => {},
};

/** The stream around the last of some combinators. */
class Derived<T, S extends Source<T> = Source<T>> extends Stream<T> {
  private source: S | undefined;

  constructor(source: S) {
    super();
    this.source = source;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { source } = this;
    if (source === undefined) return undefined;
    let item: Poll<T | undefined>;
    try {
      item = source.pollNext(cx);
    } catch (error) {
      this.source = undefined;
      throw dropAllBecause(error, [source]);
    }
    if (item !== undefined && this.source !== undefined) return item;
    // Ended; or dropped by a function that it called, and then what it has made since is dropped as well.
    this.source = undefined;
    source[Symbol.dispose]();
    return undefined;
  }

  protected override asSource(): Source<T> {
    return this.source ?? nothing;
  }

  override waitsFor(): string | undefined {
    return this.source?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const { source } = this;
    this.source = undefined;
    source?.[Symbol.dispose]();
  }
}

/** Keeps to S3 and S4 by itself, whatever it refers to; S5 is what it is there to avoid. */
class ByReference<T> extends Stream<T> {
  private inner: Stream<T> | undefined;

  constructor(inner: Stream<T>) {
    super();
    this.inner = inner;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { inner } = this;
    if (inner === undefined) return undefined;
    let item: Poll<T | undefined>;
    try {
      item = inner.pollNext(cx);
    } catch (error) {
      this.inner = undefined;
      throw error;
    }
    if (item === undefined) this.inner = undefined;
    return item;
  }

  override waitsFor(): string | undefined {
    return this.inner?.waitsFor();
  }

  override [Symbol.dispose](): void {
    this.inner = undefined;
  }
}

/** A stream whose next item can be looked at. */
export class Peekable<T> extends Derived<T, PeekStep<T>> {
  private readonly step: PeekStep<T>;

  /** @internal */
  constructor(step: PeekStep<T>) {
    super(step);
    this.step = step;
  }

  /** Waits for the next item and leaves it where it is; undefined at the end. Cancel-safe. */
  peek(): Future<T | undefined> {
    return new Peek(this.step);
  }

  /** Takes the next item if the function holds of it; otherwise leaves it, and gives undefined. Cancel-safe. */
  nextIf(fn: (item: T) => boolean): Future<T | undefined> {
    checkFunction("nextIf(fn)", fn);
    return new Peek(this.step, fn);
  }
}

/** Items in arrays. */
export class ChunksTimeout<T> extends Derived<T[], ChunksStep<T>> {
  private readonly step: ChunksStep<T>;

  /** @internal */
  constructor(step: ChunksStep<T>) {
    super(step);
    this.step = step;
  }

  /** Drops the stream and gives the items of the chunk that was under way. */
  intoRemainder(): T[] {
    const items = this.step.takeItems();
    this[Symbol.dispose]();
    return items;
  }
}
