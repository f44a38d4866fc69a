// From the host's sockets to futures: the runtime that polls decides which network that is.

import { net as hostNet } from "#net";
import {
  assertLoopRuns,
  beginOutside,
  type Context,
  endOutside,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  type Waker,
} from "../future/index.js";
import type { Cancel, Completion, HostNet } from "../host/types.js";
import { ioError } from "../io/errors.js";
import { currentScheduler } from "../runtime/context.js";
import { DriverDisabledError } from "../runtime/errors.js";
import type { Scheduler } from "../runtime/scheduler/scheduler.js";

/**
 * The network of the current runtime.
 *
 * @throws {NoRuntimeError} @throws {DriverDisabledError} @throws {BlockedLoopError} under `blockOn`.
 */
export function currentNet(what: string): { net: HostNet; scheduler: Scheduler } {
  const scheduler = currentScheduler(what);
  if (!scheduler.options.io) throw new DriverDisabledError("IO");
  assertLoopRuns(what);
  return { net: scheduler.options.net ?? hostNet, scheduler };
}

const NEW = 0;
const STARTED = 1;
const SETTLED = 2;
const DONE = 3;

/** An operation of the host's as a future: started at the first poll, taken back when dropped. */
export class HostOperation<T> extends Future<T> implements Completion<T> {
  private readonly start: (done: Completion<T>) => Cancel;
  private readonly discard: (value: T) => void;
  private readonly what: string;
  private readonly address: string | undefined;
  private state = NEW;
  private cancel: Cancel | undefined;
  private waker: Waker | undefined;
  private value: T | undefined;
  private error: { readonly raw: unknown } | undefined;

  /** @param discard gets rid of a value that came and that nobody took. */
  constructor(
    what: string,
    address: string | undefined,
    start: (done: Completion<T>) => Cancel,
    discard: (value: T) => void,
  ) {
    super();
    this.discard = discard;
    this.what = what;
    this.address = address;
    this.start = start;
  }

  override poll(cx: Context): Poll<T> {
    if (this.state === NEW) this.begin();
    if (this.state === STARTED) {
      this.waker = cx.waker;
      return Pending;
    }
    if (this.state === DONE) throw new PolledAfterCompletionError(this.what);
    this.state = DONE;
    if (this.error !== undefined) throw ioError(this.error.raw, this.what, this.address);
    return this.value as T;
  }

  private begin(): void {
    this.state = STARTED;
    beginOutside(this);
    try {
      this.cancel = this.start(this);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  override waitsFor(): string {
    return this.address === undefined ? this.what : `${this.what} of ${this.address}`;
  }

  resolve(value: T): void {
    this.value = value;
    this.settle();
  }

  reject(error: unknown): void {
    this.error = { raw: error };
    this.settle();
  }

  private settle(): void {
    if (this.state !== STARTED) return;
    this.state = SETTLED;
    endOutside(this);
    this.waker?.wake();
  }

  override [Symbol.dispose](): void {
    const state = this.state;
    this.state = DONE;
    if (state === STARTED) {
      endOutside(this);
      this.cancel?.();
    } else if (state === SETTLED && this.error === undefined) this.discard(this.value as T);
  }
}

/** Closes what nobody took. */
export function closeHandle(handle: { close(): void }): void {
  handle.close();
}
