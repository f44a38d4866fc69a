// Mutex: one holder at a time, first come first served.
//
// X1  The lock passes straight to the one who waits longest: `tryLock` and later calls do not get in between.
// X2  There is no poisoning: a task that throws or is aborted releases the lock as if it had returned.

import { sharedForms } from "../doors/shared.js";
import {
  currentContext,
  type Future,
  Pending,
  requireContext,
  type Suspension,
  suspend,
} from "../future/index.js";
import { Acquire } from "./acquire.js";
import type { Returned } from "./callback.js";
import { checkFunction } from "./checks.js";
import { TryLockError } from "./errors.js";
import { ValueGuard, ValueSemaphore } from "./guard.js";
import { type Loan, siteOf } from "./lost.js";
import type { Guarded, OnlyGuardable } from "./shared/locked-value.js";
import type { SharedMutex } from "./shared/mutex.js";
import { UnderLock } from "./under-lock.js";

class Lock<T> extends Acquire<ValueSemaphore<T>, MutexGuard<T>> {
  // See Future.next.
  protected override next(): IteratorResult<Suspension, MutexGuard<T>> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(loan: Loan<ValueSemaphore<T>>): MutexGuard<T> {
    return new MutexGuard(loan);
  }

  protected override called(): string {
    return "Mutex.lock()";
  }
}

/** Holds a mutex until it is released: `using guard = yield* mutex.lock()`. */
export class MutexGuard<T> extends ValueGuard<T> {
  protected override called(): string {
    return "MutexGuard";
  }

  /** The guarded value. @throws {ReleasedGuardError} after the release. */
  override get value(): T {
    return this.held().lender.value;
  }

  override set value(value: T) {
    this.held().lender.value = value;
  }

  /** The mutex that it holds. @throws {ReleasedGuardError} after the release. */
  get mutex(): Mutex<T> {
    return this.held().lender.lock as Mutex<T>;
  }
}

/**
 * A value that one task at a time may use, across its waits too. Fair: the lock goes to the one who waits longest.
 *
 * A task that locks a mutex that it holds waits for itself.
 */
export class Mutex<T> {
  private readonly semaphore: ValueSemaphore<T>;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `Mutex.shared`";
  }

  constructor(value: T) {
    this.semaphore = new ValueSemaphore(1, "MutexGuard", value, this);
  }

  /**
   * A mutex for tasks of several threads: `Send`, with the same methods. A holder whose thread dies poisons it.
   *
   * @param value a value that can be sent (else it is an error of the compiler), kept encoded between two guards; or
   *   `region(Float64Array, 1024)`, shared memory that a guard exposes as a typed array, without copying.
   * @throws {SendError} when the value cannot be sent.
   */
  static shared<T>(value: T, ..._onlySend: OnlyGuardable<T>): SharedMutex<Guarded<T>> {
    return sharedForms().sharedMutex(value);
  }

  /** Waits for the lock. Cancel-safe; the place in the line is lost. */
  lock(): Future<MutexGuard<T>> {
    return new Lock(this.semaphore, 1, siteOf(this.lock));
  }

  /** Takes the lock if it is free. @throws {TryLockError} if it is not. */
  tryLock(): MutexGuard<T> {
    const semaphore = this.semaphore;
    if (!semaphore.tryTake(1)) throw new TryLockError("tryLock()");
    return new MutexGuard(semaphore.lend(1, currentContext()?.id ?? 0, siteOf(this.tryLock)));
  }

  /** Whether somebody holds it. */
  isLocked(): boolean {
    return !this.semaphore.has(1);
  }

  /**
   * Calls `callback` with the value under the lock, which is held until what it returns has ended: a coroutine, a future or a
   * promise is waited for. Released on a throw and on cancellation; an async function, which cannot be cancelled, keeps it until
   * its promise settles.
   *
   * @param callback a plain, coroutine or async function.
   * @returns a future of what it returns in the end.
   * @throws {SyncArgumentError} at the call, for what is no function. @throws (from the poll) what it throws.
   *
   * Cancel-safe while it waits for the lock; after that as far as the callback is.
   */
  with<R>(callback: (value: T) => Returned<R>): Future<R> {
    checkFunction("with(callback)", callback);
    return new UnderLock(new Lock(this.semaphore, 1, siteOf(this.with)), callback);
  }
}
