// The shared twin of Mutex: one permit.

import type { Future } from "../../future/index.js";
import type { Returned } from "../callback.js";
import { checkFunction } from "../checks.js";
import { siteOf } from "../lost.js";
import { UnderLock } from "../under-lock.js";
import { claimed } from "./handle.js";
import { newLock, SharedLock, type Way, way } from "./lock.js";
import type { Guarded } from "./locked-value.js";
import { SharedWriter } from "./value-guards.js";

/** Holds a shared Mutex. */
export class SharedMutexGuard<T> extends SharedWriter<T, SharedMutex<T>> {
  /** @internal */
  constructor(lock: SharedMutex<T>, claim: number, site: string | undefined) {
    super(lock, claim, "MutexGuard", site);
  }

  protected override passedOn(claim: number, site: string | undefined): SharedMutexGuard<T> {
    return new SharedMutexGuard(this.lock, claim, site);
  }

  /** A handle of the mutex that it holds. @throws {ReleasedGuardError} after the release. */
  get mutex(): SharedMutex<T> {
    this.held();
    return this.lock;
  }
}

const guard: Way<unknown, SharedMutexGuard<unknown>>["guard"] = (lock, claim, site) =>
  new SharedMutexGuard(lock as SharedMutex<unknown>, claim, site);

const LOCK: Way<unknown, SharedMutexGuard<unknown>> = { method: "Mutex.lock()", guard };
const TRY_LOCK: typeof LOCK = { method: "Mutex.tryLock()", guard };

/** A mutex that several threads share. `Send`; methods as those of `Mutex`. */
export class SharedMutex<T> extends SharedLock<T> {
  protected override describe(): string {
    return "a Mutex";
  }

  /**
   * Waits for the lock, first-in first-out across threads. Cancel-safe; the place in the line is lost.
   *
   * @throws {PoisonedError} (from the poll) when the thread of a holder has died; its `recover` locks all the same.
   */
  lock(): Future<SharedMutexGuard<T>> {
    return this.acquire(1, way<T, SharedMutexGuard<T>>(LOCK), siteOf(this.lock));
  }

  /** Takes the lock at once. @throws {TryLockError} @throws {PoisonedError} */
  tryLock(): SharedMutexGuard<T> {
    return this.take(1, way<T, SharedMutexGuard<T>>(TRY_LOCK), siteOf(this.tryLock));
  }

  /** Whether somebody holds the lock now. */
  isLocked(): boolean {
    return this.home.core.availablePermits(this.object) === 0;
  }

  /** As `Mutex.with`. @throws {SyncArgumentError} for what is no function. @throws {PoisonedError} as `lock` */
  with<R>(callback: (value: T) => Returned<R>): Future<R> {
    checkFunction("with(callback)", callback);
    return new UnderLock<T, R>(
      this.acquire(1, way<T, SharedMutexGuard<T>>(LOCK), siteOf(this.with)),
      callback,
    );
  }

  /** A handle of the same mutex, for another owner. */
  clone(): SharedMutex<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedMutex(this.home, claim, this.kind);
  }
}

/** @throws {SendError} when the value cannot be sent. */
export function sharedMutex<T>(value: T): SharedMutex<Guarded<T>> {
  const { home, claim, kind } = newLock(1, value);
  return new SharedMutex(home, claim, kind);
}
