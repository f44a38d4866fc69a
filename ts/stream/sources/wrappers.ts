// Streams over what can be polled for one thing after the other: channels, intervals, sets of tasks, listeners. Each asks for a
// few methods only, so that anything that has them will do.
//
// W1  A wrapper owns what it wraps: the end, an error and a drop of the stream drop it. `intoInner()` gives it back.
// W2  But a set of tasks that is empty is left as it is: its owner may have other uses for it.

import { type Context, dropAllBecause, Pending, type Poll } from "../../future/index.js";
import { UndefinedItemError } from "../errors.js";
import type { Result } from "../source.js";
import { Stream } from "../stream.js";

/** Drops what it wraps, or gives it back. */
abstract class Wrapper<T, I extends object> extends Stream<T> {
  private held: I | undefined;

  constructor(inner: I) {
    super();
    this.held = inner;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { held } = this;
    if (held === undefined) return undefined;
    let item: Poll<T | undefined>;
    try {
      item = this.pollInner(held, cx);
    } catch (error) {
      throw dropAllBecause(error, [this]);
    }
    if (item === undefined) this.end();
    return item;
  }

  /** What is done with what it wraps at the end. */
  protected end(): void {
    this[Symbol.dispose]();
  }

  protected abstract pollInner(inner: I, cx: Context): Poll<T | undefined>;

  /** What it wraps, which is the caller's then; undefined once the stream has ended. */
  intoInner(): I | undefined {
    const { held } = this;
    this.held = undefined;
    return held;
  }

  override [Symbol.dispose](): void {
    const { held } = this;
    this.held = undefined;
    (held as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
  }
}

/** An `mpsc.Receiver`, and whatever is polled like one. */
export interface PollRecv<T> extends Partial<Disposable> {
  pollRecv(cx: Context): Poll<T | undefined>;
}

/** What a channel brings; ends when the channel is closed and empty, or brings undefined. */
export class ReceiverStream<T> extends Wrapper<T, PollRecv<T>> {
  protected override pollInner(inner: PollRecv<T>, cx: Context): Poll<T | undefined> {
    return inner.pollRecv(cx);
  }

  override waitsFor(): string {
    return "recv() of a channel";
  }
}

/** How far a receiver of a broadcast channel has fallen behind: a `LaggedError`. */
export interface Lagged extends Error {
  readonly skipped: number;
}

function isLagged(error: unknown): error is Lagged {
  return error instanceof Error && typeof (error as Partial<Lagged>).skipped === "number";
}

/** A `broadcast.Receiver`. */
export interface PollBroadcast<T> extends Partial<Disposable> {
  /** Throws when it has fallen behind, and when the channel is closed and empty. */
  pollRecv(cx: Context): Poll<T>;
  isClosed(): boolean;
  isEmpty(): boolean;
}

/**
 * What a broadcast channel brings, as `{ value }`; where the receiver has fallen behind, `{ error }` says by how much, and the
 * stream goes on with the oldest value that is still there. Ends when the channel is closed and everything was received.
 */
export class BroadcastStream<T> extends Wrapper<Result<T, Lagged>, PollBroadcast<T>> {
  protected override pollInner(
    inner: PollBroadcast<T>,
    cx: Context,
  ): Poll<Result<T, Lagged> | undefined> {
    try {
      const value = inner.pollRecv(cx);
      return value === Pending ? Pending : { value: value as T };
    } catch (error) {
      if (isLagged(error)) return { error };
      if (inner.isClosed() && inner.isEmpty()) return undefined;
      throw error;
    }
  }

  override waitsFor(): string {
    return "recv() of a broadcast channel";
  }
}

/** A `watch.Receiver`. */
export interface PollWatch<T> extends Partial<Disposable> {
  /** Throws when the channel is closed and its last value was seen. */
  pollChanged(cx: Context): Poll<void>;
  borrowAndUpdate(): T;
  isClosed(): boolean;
}

/**
 * The values of a watch channel, first the present one; those that come faster than they are asked for are left out. Ends when
 * the sender is gone.
 */
export class WatchStream<T> extends Wrapper<T, PollWatch<T>> {
  private isFirst: boolean;

  constructor(receiver: PollWatch<T>) {
    super(receiver);
    this.isFirst = true;
  }

  /** Without the present value, unless the receiver has not seen it yet: only what changes from here on. */
  static fromChanges<T>(receiver: PollWatch<T>): WatchStream<T> {
    const stream = new WatchStream(receiver);
    stream.isFirst = false;
    return stream;
  }

  protected override pollInner(inner: PollWatch<T>, cx: Context): Poll<T | undefined> {
    const changed = this.isFirst || this.pollChange(inner, cx);
    if (changed === Pending) return Pending;
    if (!changed) return undefined;
    this.isFirst = false;
    const value = inner.borrowAndUpdate();
    if (value === undefined) throw new UndefinedItemError("a watch channel");
    return value;
  }

  /** Whether there is another value; false at the end. */
  private pollChange(inner: PollWatch<T>, cx: Context): Poll<boolean> {
    try {
      return inner.pollChanged(cx) === Pending ? Pending : true;
    } catch (error) {
      if (inner.isClosed()) return false;
      throw error;
    }
  }

  override waitsFor(): string {
    return "changed() of a watch channel";
  }
}

/** An `Interval`. */
export interface PollTick<I> extends Partial<Disposable> {
  pollTick(cx: Context): Poll<I>;
}

/** The ticks of an interval: the moments for which they were scheduled. Never ends. */
export class IntervalStream<I> extends Wrapper<I, PollTick<I>> {
  protected override pollInner(inner: PollTick<I>, cx: Context): Poll<I> {
    return inner.pollTick(cx);
  }

  override waitsFor(): string {
    return "tick() of an interval";
  }
}

/** A `JoinSet`. */
export interface PollJoinNext<R> extends Partial<Disposable> {
  pollJoinNext(cx: Context): Poll<R | undefined>;
}

/** How the tasks of a set end, in that order; ends when the set is empty, and leaves it to its owner. Dropping it aborts the others. */
export class JoinSetStream<R> extends Wrapper<R, PollJoinNext<R>> {
  protected override pollInner(inner: PollJoinNext<R>, cx: Context): Poll<R | undefined> {
    return inner.pollJoinNext(cx);
  }

  protected override end(): void {
    this.intoInner();
  }

  override waitsFor(): string {
    return "joinNext() of a set of tasks";
  }
}

/** A `TcpListener`, a `UnixListener`. */
export interface PollAccept<S> extends Partial<Disposable> {
  /** A connection and where it comes from. Throws the errors of the system. */
  pollAccept(cx: Context, waiter?: object): Poll<readonly [S, unknown]>;
  cancelAccept?(waiter: object): void;
}

/**
 * The connections of a listener, as `{ value }`; one that fails before it is there is `{ error }`, and the stream goes on. Ends,
 * after an error, when the listener was closed.
 */
export class ListenerStream<S> extends Wrapper<Result<S>, PollAccept<S>> {
  private isClosed = false;

  protected override pollInner(inner: PollAccept<S>, cx: Context): Poll<Result<S> | undefined> {
    if (this.isClosed) return undefined;
    try {
      const accepted = inner.pollAccept(cx, this);
      return accepted === Pending ? Pending : { value: accepted[0] };
    } catch (error) {
      // Closed by somebody else: it would give this error for ever.
      this.isClosed = (error as { code?: unknown } | null)?.code === "EBADF";
      return { error };
    }
  }

  override intoInner(): PollAccept<S> | undefined {
    const inner = super.intoInner();
    inner?.cancelAccept?.(this);
    return inner;
  }

  override waitsFor(): string {
    return "accept() of a listener";
  }
}
