// taskLocal: a value that is there for whatever a future does, and for nothing else.
//
// L1  The value is set exactly while the future is polled or dropped, so it is seen by all that these polls call, and by
//     nothing that runs between them.
// L2  Scopes nest: the inner one's value hides the outer one's, which is back when the inner one's poll or drop returns or throws.
// L3  A spawned task has polls of its own, outside of the scope: it inherits nothing.
//
// It follows from L1 what an async function sees: it is called inside of a poll, so the value is there up to its first `await`,
// and what follows that runs between polls. What is awaited there can have a scope of its own: `await key.scope(value, future)`.

import {
  type Context,
  describeWait,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import { AccessError } from "./errors.js";

/** No value: no value of a user's is this. */
const UNSET: unique symbol = Symbol("unset");
type Slot<T> = T | typeof UNSET;

/** A future with a value of a task-local around it. */
export class TaskLocalFuture<T, R> extends Future<R> {
  private readonly replace: (value: Slot<T>) => Slot<T>;
  private value: Slot<T>;
  private inner: Future<R> | undefined;

  /** @internal @param replace sets the value of the key, and gives what was there. */
  constructor(replace: (value: Slot<T>) => Slot<T>, value: T, inner: Future<R>) {
    super();
    this.replace = replace;
    this.value = value;
    this.inner = inner;
  }

  /** Takes the value out: the future goes on without it. Undefined when it was taken already. */
  takeValue(): T | undefined {
    const { value } = this;
    this.value = UNSET;
    return value === UNSET ? undefined : value;
  }

  override poll(cx: Context): Poll<R> {
    const { inner } = this;
    if (inner === undefined) throw new PolledAfterCompletionError("a task-local scope");
    const outer = this.replace(this.value);
    let ended = true;
    try {
      const value = inner.poll(cx);
      ended = value !== Pending;
      return value;
    } finally {
      this.replace(outer);
      if (ended) this.inner = undefined;
    }
  }

  override waitsFor(): string | undefined {
    return this.inner && describeWait(this.inner);
  }

  override [Symbol.dispose](): void {
    const { inner } = this;
    this.inner = undefined;
    if (inner === undefined) return;
    const outer = this.replace(this.value);
    try {
      inner[Symbol.dispose]();
    } finally {
      this.replace(outer);
    }
  }
}

/** A key whose value belongs to whatever runs inside of its scopes. Made by {@link taskLocal}. */
export class TaskLocal<T> {
  readonly name: string;
  private value: Slot<T> = UNSET;
  private readonly replace = (value: Slot<T>): Slot<T> => {
    const previous = this.value;
    this.value = value;
    return previous;
  };

  /** @internal */
  constructor(name: string) {
    this.name = name;
  }

  /**
   * Gives the key a value for all that `future` does.
   *
   * Tasks spawned inside do not inherit it. An async function sees it up to its first `await`.
   *
   * @returns a future of the same value. Cancel-safe if `future` is.
   * @throws {NotAFutureError} at the call.
   */
  scope<R>(value: T, future: IntoFuture<R>): TaskLocalFuture<T, R> {
    const inner = intoFuture(future, `${this.name}.scope(value, future)`);
    return new TaskLocalFuture(this.replace, value, inner);
  }

  /** Gives the key a value for one call of a plain function. Returns what it returns, and throws what it throws. */
  syncScope<R>(value: T, fn: () => R): R {
    const outer = this.replace(value);
    try {
      return fn();
    } finally {
      this.replace(outer);
    }
  }

  /** The value. @throws {AccessError} outside of every scope of this key. */
  get(): T {
    if (this.value === UNSET) throw new AccessError(this.name);
    return this.value;
  }

  /** The value, or undefined outside of every scope of this key. */
  tryGet(): T | undefined {
    return this.value === UNSET ? undefined : this.value;
  }
}

/**
 * A key for a value that belongs to a task, or to a part of one: `const requestId = taskLocal<string>("requestId")`.
 *
 * @param name for error messages.
 * @throws {InvalidArgumentError} when the name is empty or no string.
 */
export function taskLocal<T>(name: string): TaskLocal<T> {
  if (typeof name !== "string" || name === "")
    throw new InvalidArgumentError("taskLocal(name)", name, "a string that is not empty");
  return new TaskLocal(name);
}
