// A callback run under a lock: Mutex.with, RwLock.withRead and withWrite.
//
// U1  The lock is held from before the call until what the callback returned has ended: given its value, thrown, been dropped.
// U2  An async function cannot be dropped. It holds the lock until its promise settles, even if nobody waits for it any more.

import {
  type Context,
  describeWait,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { futureOf, isPromise, type Returned } from "./callback.js";

/** A guard, as far as it matters here. */
export interface HeldValue<T> {
  readonly value: T;
  release(): void;
}

export class UnderLock<T, R> extends Future<R> {
  private readonly callback: (value: T) => Returned<R>;
  private acquiring: Future<HeldValue<T>> | undefined;
  private guard: HeldValue<T> | undefined;
  private body: Future<unknown> | undefined;

  constructor(acquiring: Future<HeldValue<T>>, callback: (value: T) => Returned<R>) {
    super();
    this.callback = callback;
    this.acquiring = acquiring;
    this.guard = undefined;
    this.body = undefined;
  }

  override poll(cx: Context): Poll<R> {
    if (this.body !== undefined) return this.pollBody(cx, this.body);
    if (this.acquiring === undefined)
      throw new PolledAfterCompletionError("a callback under a lock");
    const guard = this.acquiring.poll(cx);
    if (guard === Pending) return Pending;
    this.acquiring = undefined;
    const result = this.call(guard);
    return this.body === undefined ? (result as R) : this.pollBody(cx, this.body);
  }

  private call(guard: HeldValue<T>): Returned<R> {
    this.guard = guard;
    try {
      const given = this.callback(guard.value);
      // A thenable that is no promise is asked once, whatever it does then: two listen to what it gives.
      const result = isPromise(given) ? this.releasedWith(Promise.resolve(given)) : given;
      this.body = futureOf(result);
      return result as Returned<R>;
    } finally {
      if (this.body === undefined) this.end();
    }
  }

  /** The promise has the guard from here on (U2), whose release may fail: what it gives comes after that. */
  private releasedWith<V>(promise: Promise<V>): Promise<V> {
    const guard = this.guard;
    this.guard = undefined;
    const released = promise.finally(() => guard?.release());
    // Nobody may be left who listens, or under `blockOn` able to.
    released.catch(() => {});
    return released;
  }

  private pollBody(cx: Context, body: Future<unknown>): Poll<R> {
    let ended = true;
    try {
      const value = body.poll(cx);
      ended = value !== Pending;
      return value as Poll<R>;
    } finally {
      if (ended) this.end();
    }
  }

  private end(): void {
    const guard = this.guard;
    this.body = undefined;
    this.guard = undefined;
    guard?.release();
  }

  override waitsFor(): string | undefined {
    return this.body === undefined ? this.acquiring?.waitsFor() : describeWait(this.body);
  }

  override [Symbol.dispose](): void {
    const { acquiring, body } = this;
    this.acquiring = undefined;
    try {
      acquiring?.[Symbol.dispose]();
      body?.[Symbol.dispose]();
    } finally {
      this.end();
    }
  }
}
