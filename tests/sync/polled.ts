// A future polled by hand, as by Tokio's `task::spawn` for tests: what a poll gave, and whether a wake came since.

import { type Context, type Future, Pending, type Poll, Waker } from "tokiwa";

export class Polled<T> {
  readonly future: Future<T>;
  private readonly cx: Context;
  /** Wakes since the last poll. */
  wakes = 0;
  /** Called inside of each wake. */
  onWake: (() => void) | undefined;

  constructor(future: Future<T>) {
    this.future = future;
    this.cx = {
      waker: Waker.from(() => {
        this.wakes += 1;
        this.onWake?.();
      }),
    };
  }

  poll(): Poll<T> {
    this.wakes = 0;
    return this.future.poll(this.cx);
  }

  /** Polls; whether it was pending. */
  isPending(): boolean {
    return this.poll() === Pending;
  }

  get isWoken(): boolean {
    return this.wakes > 0;
  }

  drop(): void {
    this.future[Symbol.dispose]();
  }
}

/** A future that has been polled once and is pending. */
export function waiting<T>(future: Future<T>): Polled<T> {
  const polled = new Polled(future);
  if (!polled.isPending()) throw new Error("the future was ready at its first poll");
  return polled;
}

/** The value of a future that is ready. */
export function readyNow<T>(future: Future<T>): T {
  const value = new Polled(future).poll();
  if (value === Pending) throw new Error("the future was pending");
  return value as T;
}
