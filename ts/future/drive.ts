// What `await future` does. A runtime that is loaded takes this over with `setDriver`; without one a future is driven on
// the microtask queue, which is all that channels and locks need.

import { TokiwaError } from "./errors.js";
import { Pending, type Poll } from "./poll.js";
import { type Context, Waker } from "./waker.js";

/** The part of a future that driving needs. (The class itself imports this file.) */
export interface Pollable<T> {
  poll(cx: Context): Poll<T>;
}

export type Driver = <T>(future: Pollable<T>) => Promise<T>;

class MicrotaskTask<T> extends Waker implements Context {
  private readonly future: Pollable<T>;
  private readonly resolve: (value: T) => void;
  private readonly reject: (error: unknown) => void;
  private scheduled = false;
  private done = false;

  constructor(future: Pollable<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    super();
    this.future = future;
    this.resolve = resolve;
    this.reject = reject;
  }

  get waker(): Waker {
    return this;
  }

  override wake(): void {
    if (this.scheduled || this.done) return;
    this.scheduled = true;
    queueMicrotask(() => this.run());
  }

  run(): void {
    this.scheduled = false;
    if (this.done) return;
    try {
      const value = this.future.poll(this);
      if (value === Pending) return;
      this.done = true;
      this.resolve(value);
    } catch (error) {
      this.done = true;
      this.reject(error);
    }
  }
}

const driveOnMicrotasks: Driver = <T>(future: Pollable<T>) =>
  new Promise<T>((resolve, reject) => new MicrotaskTask(future, resolve, reject).run());

let driver: Driver = driveOnMicrotasks;
let capture: () => Driver = () => driver;
let installed = false;

/** Drives a future to its end from outside of every task. */
export function driveFuture<T>(future: Pollable<T>): Promise<T> {
  return driver(future);
}

/**
 * A driver that stays with the runtime of this call, wherever it is used: for what the host calls back, long after the poll in
 * which it was set up.
 */
export function captureDriver(): Driver {
  return capture();
}

/**
 * A runtime takes over `await`. Once: two copies of the library in one program would each drive the other's futures.
 *
 * @param captureNext see {@link captureDriver}.
 */
export function setDriver(next: Driver, captureNext: () => Driver = () => next): void {
  if (installed)
    throw new TokiwaError("a driver for `await` is installed already: is tokiwa loaded twice?");
  installed = true;
  driver = next;
  capture = captureNext;
}
