// CancellationToken: asks tasks to end. What makes a tree of them is in node.ts.

import {
  type Context,
  describeWait,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
} from "../../future/index.js";
import { NotASignalError } from "../errors.js";
import type { SharedFlag } from "../shared/flag.js";
import { WaitNode } from "../waiters.js";
import { CancellationNode } from "./node.js";
import { SignalSource } from "./signal-source.js";

class Cancelled extends Future<void> {
  private readonly node: CancellationNode;
  private place: WaitNode | undefined;
  private done: boolean;

  constructor(node: CancellationNode) {
    super();
    this.node = node;
    this.place = undefined;
    this.done = false;
  }

  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("CancellationToken.cancelled()");
    if (this.node.hears()) {
      if (!proceed(cx)) return Pending;
      this[Symbol.dispose]();
      return;
    }
    if (this.place !== undefined) {
      this.place.waker = cx.waker;
      return Pending;
    }
    this.place = new WaitNode(cx.waker);
    this.node.wait(this.place);
    return Pending;
  }

  override waitsFor(): string {
    return "CancellationToken.cancelled()";
  }

  override [Symbol.dispose](): void {
    this.done = true;
    const place = this.place;
    this.place = undefined;
    if (place !== undefined) this.node.leaveWait(place);
  }
}

class RunUntilCancelled<T> extends Future<T | undefined> {
  private readonly node: CancellationNode;
  private readonly cancelled: Cancelled;
  private inner: Future<T> | undefined;
  private started: boolean;

  constructor(node: CancellationNode, inner: Future<T>) {
    super();
    this.node = node;
    this.cancelled = new Cancelled(node);
    this.inner = inner;
    this.started = false;
  }

  override poll(cx: Context): Poll<T | undefined> {
    if (this.inner === undefined) throw new PolledAfterCompletionError("runUntilCancelled");
    if (this.started || !this.node.isCancelled()) {
      this.started = true;
      const value = this.pollInner(cx, this.inner);
      if (value !== Pending) return value;
    }
    if (this.cancelled.poll(cx) === Pending) return Pending;
    this[Symbol.dispose]();
    return undefined;
  }

  private pollInner(cx: Context, inner: Future<T>): Poll<T> {
    let ended = true;
    try {
      const value = inner.poll(cx);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this.complete();
    }
  }

  private complete(): void {
    this.inner = undefined;
    this.cancelled[Symbol.dispose]();
  }

  override waitsFor(): string | undefined {
    return this.inner && `${describeWait(this.inner)}, or ${this.cancelled.waitsFor()}`;
  }

  override [Symbol.dispose](): void {
    const inner = this.inner;
    this.complete();
    inner?.[Symbol.dispose]();
  }
}

/** Cancels a token when it is disposed. */
export class DropGuard implements Disposable {
  private readonly token: CancellationToken;
  private armed = true;

  /** @internal */
  constructor(token: CancellationToken) {
    this.token = token;
  }

  /** Does not cancel the token any more; gives it back. */
  disarm(): CancellationToken {
    this.armed = false;
    return this.token;
  }

  [Symbol.dispose](): void {
    if (!this.armed) return;
    this.armed = false;
    this.token.cancel();
  }
}

/**
 * Asks tasks to end: whoever holds the token may cancel it, and whoever holds it may ask or wait for that. Passed around as it is,
 * without `clone`. A token that nobody waits for is kept by nobody but its holders.
 *
 * It is `Send`: as an argument, a result or a message it is the same token on the other thread, cancelled from there or from here. Until
 * the other thread has let go of it, which it does when its collector finds that, its parent here keeps it in memory; a token that
 * is sent for each of many requests is let go of at once by `using child = token.childToken()`, at the end of the request.
 *
 * Source: tokio_util's CancellationToken.
 */
export class CancellationToken implements Disposable {
  declare readonly "~send": true;
  /** @internal */
  readonly node: CancellationNode;
  /** @internal By which other threads have it, once it was sent: sending.ts. */
  flag: SharedFlag | undefined;

  /** A token that is not cancelled, and has no parent: see {@link childToken}. */
  constructor();
  /** @internal */
  constructor(node: CancellationNode);
  constructor(node: CancellationNode = new CancellationNode()) {
    this.node = node;
    this.flag = undefined;
  }

  /**
   * A token that is cancelled when `signal` aborts, at once if it has aborted. Cancelling the token does nothing to that signal.
   * Disposing the token takes its listener away, and then neither it nor its children hear of the signal.
   *
   * @throws {NotASignalError} when `signal` is none.
   */
  static fromSignal(signal: AbortSignal): CancellationToken {
    if (typeof signal?.addEventListener !== "function")
      throw new NotASignalError("CancellationToken.fromSignal(signal)", signal);
    const node = new CancellationNode();
    node.bind(new SignalSource(signal));
    return new CancellationToken(node);
  }

  /**
   * Cancels this token and every descendant, once. All of them are cancelled before anybody hears of it; who waits is woken, and
   * signals are aborted, before this returns.
   *
   * @param reason what signals give as theirs, as of `AbortController.abort`; an AbortError unless given. Other threads get it if it
   *   is `Send`, and else hear of the cancel without it.
   */
  cancel(reason?: unknown): void {
    this.node.cancel(reason);
  }

  /** What it, or the ancestor that was cancelled, was cancelled with; undefined before, and when nothing was given. */
  get reason(): unknown {
    return this.node.cancelReason();
  }

  /** Whether it, or an ancestor, is cancelled. It stays so. */
  isCancelled(): boolean {
    return this.node.isCancelled();
  }

  /** Waits until it is cancelled; whoever has waited finds {@link signal} aborted. Cancel-safe. */
  cancelled(): Future<void> {
    return new Cancelled(this.node);
  }

  /** A token that is cancelled with this one, and may be cancelled alone. Cancelled from the start if this one is. */
  childToken(): CancellationToken {
    return new CancellationToken(new CancellationNode(this.node));
  }

  /**
   * A signal that aborts when the token is cancelled, for functions that take one. Made when first asked for; from then on the
   * parent keeps the token in memory until it is cancelled or disposed, for nobody can know who listens to a signal: write
   * `using child = token.childToken()`.
   */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /** A guard that cancels the token at the end of its scope: `using guard = token.dropGuard()`. */
  dropGuard(): DropGuard {
    return new DropGuard(this);
  }

  /**
   * Runs a future until it ends, or until the token is cancelled: then the future is dropped, and the result is undefined.
   *
   * Of a token that is cancelled at the first poll the future is not polled at all. After that a future that is ready goes before a
   * token that is cancelled. Cancel-safe if `future` is.
   *
   * @throws {NotAFutureError} at the call. @throws what the future throws.
   */
  runUntilCancelled<T>(future: IntoFuture<T>): Future<T | undefined> {
    return new RunUntilCancelled(this.node, intoFuture(future, "runUntilCancelled(future)"));
  }

  /**
   * Leaves its parent, or the signal that it was made from, without being cancelled: it hears no more of them. Its children stay
   * below its parent.
   */
  [Symbol.dispose](): void {
    this.node.leave();
  }
}
