// The shared twin of RwLock: a reader takes one permit, a writer all of them.

import type { Future } from "../../future/index.js";
import type { Returned } from "../callback.js";
import { checkFunction, checkOptions, checkWhole, MAX_PERMITS } from "../checks.js";
import { ReadOnlyGuardError } from "../errors.js";
import { siteOf } from "../lost.js";
import { UnderLock } from "../under-lock.js";
import { claimed } from "./handle.js";
import type { SharedHome } from "./home.js";
import { newLock, SharedLock, type Way, way } from "./lock.js";
import type { Guarded, ValueKind } from "./locked-value.js";
import { SharedValueGuard, SharedWriter } from "./value-guards.js";

/** Holds a shared lock for reading. */
export class SharedReadGuard<T> extends SharedValueGuard<T, SharedRwLock<T>> {
  /** @internal */
  constructor(lock: SharedRwLock<T>, claim: number, site: string | undefined) {
    super(lock, claim, "ReadGuard", site);
  }

  /** The value: a copy for this guard, or the region itself. @throws {ReleasedGuardError} after the release. */
  override get value(): T {
    return this.loadedValue();
  }

  /** Gives the lock up. Harmless when done twice. */
  release(): void {
    this.giveBack();
  }

  /** Is for who writes. @throws {ReadOnlyGuardError} always. */
  override set value(_: never) {
    throw new ReadOnlyGuardError("ReadGuard", "take `write()` to replace it");
  }

  /** A handle of the lock that it holds. @throws {ReleasedGuardError} after the release. */
  get rwLock(): SharedRwLock<T> {
    this.held();
    return this.lock;
  }

  protected override guardOfAll(): SharedReadGuard<T> {
    const site = this.siteTaken();
    return new SharedReadGuard(this.lock, this.surrender(), site);
  }
}

/** Holds a shared RwLock for writing. */
export class SharedWriteGuard<T> extends SharedWriter<T, SharedRwLock<T>> {
  /** @internal */
  constructor(lock: SharedRwLock<T>, claim: number, site: string | undefined) {
    super(lock, claim, "WriteGuard", site);
  }

  /** A handle of the lock that it holds. @throws {ReleasedGuardError} after the release. */
  get rwLock(): SharedRwLock<T> {
    this.held();
    return this.lock;
  }

  /**
   * Goes on as a reader, without anybody writing in between.
   *
   * @throws {ReleasedGuardError} after the release. @throws {SendError} as `release`
   */
  downgrade(): SharedReadGuard<T> {
    this.held();
    this.writeBack();
    const site = this.siteTaken();
    const claim = this.surrender();
    this.home.core.giveSomeBack(claim, this.lock.maxReaders - 1);
    this.home.settle();
    return new SharedReadGuard(this.lock, claim, site);
  }

  protected override passedOn(claim: number, site: string | undefined): SharedWriteGuard<T> {
    return new SharedWriteGuard(this.lock, claim, site);
  }
}

const reader: Way<unknown, SharedReadGuard<unknown>>["guard"] = (lock, claim, site) =>
  new SharedReadGuard(lock as SharedRwLock<unknown>, claim, site);
const writer: Way<unknown, SharedWriteGuard<unknown>>["guard"] = (lock, claim, site) =>
  new SharedWriteGuard(lock as SharedRwLock<unknown>, claim, site);

const READ: Way<unknown, SharedReadGuard<unknown>> = { method: "RwLock.read()", guard: reader };
const TRY_READ: typeof READ = { method: "RwLock.tryRead()", guard: reader };
const WRITE: Way<unknown, SharedWriteGuard<unknown>> = { method: "RwLock.write()", guard: writer };
const TRY_WRITE: typeof WRITE = { method: "RwLock.tryWrite()", guard: writer };

/** A readers-writer lock that several threads share. `Send`; methods as those of `RwLock`. */
export class SharedRwLock<T> extends SharedLock<T> {
  /** @internal */
  readonly maxReaders: number;

  /** @internal */
  constructor(home: SharedHome, claim: number, kind: ValueKind, maxReaders: number) {
    super(home, claim, kind);
    this.maxReaders = maxReaders;
  }

  protected override describe(): string {
    return "an RwLock";
  }

  /** As `RwLock.read`. Cancel-safe; the place in the line is lost. @throws {PoisonedError} as `Mutex.lock` */
  read(): Future<SharedReadGuard<T>> {
    return this.acquire(1, way<T, SharedReadGuard<T>>(READ), siteOf(this.read));
  }

  /** As `RwLock.write`. Cancel-safe; the place in the line is lost. @throws {PoisonedError} as `Mutex.lock` */
  write(): Future<SharedWriteGuard<T>> {
    return this.acquire(this.maxReaders, way<T, SharedWriteGuard<T>>(WRITE), siteOf(this.write));
  }

  /** Takes the lock for reading at once. @throws {TryLockError} @throws {PoisonedError} */
  tryRead(): SharedReadGuard<T> {
    return this.take(1, way<T, SharedReadGuard<T>>(TRY_READ), siteOf(this.tryRead));
  }

  /** Takes the lock for writing at once. @throws {TryLockError} @throws {PoisonedError} */
  tryWrite(): SharedWriteGuard<T> {
    return this.take(
      this.maxReaders,
      way<T, SharedWriteGuard<T>>(TRY_WRITE),
      siteOf(this.tryWrite),
    );
  }

  /** As `RwLock.withRead`. @throws {SyncArgumentError} for what is no function. @throws {PoisonedError} as `Mutex.lock` */
  withRead<R>(callback: (value: T) => Returned<R>): Future<R> {
    checkFunction("withRead(callback)", callback);
    const site = siteOf(this.withRead);
    return new UnderLock<T, R>(this.acquire(1, way<T, SharedReadGuard<T>>(READ), site), callback);
  }

  /** As `RwLock.withWrite`. @throws {SyncArgumentError} for what is no function. @throws {PoisonedError} as `Mutex.lock` */
  withWrite<R>(callback: (value: T) => Returned<R>): Future<R> {
    checkFunction("withWrite(callback)", callback);
    const site = siteOf(this.withWrite);
    const { maxReaders } = this;
    return new UnderLock<T, R>(
      this.acquire(maxReaders, way<T, SharedWriteGuard<T>>(WRITE), site),
      callback,
    );
  }

  /** A handle of the same lock, for another owner. */
  clone(): SharedRwLock<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedRwLock(this.home, claim, this.kind, this.maxReaders);
  }

  /** @internal */
  override extra(): unknown {
    return [this.kind, this.maxReaders];
  }
}

/** @throws {SendError} when the value cannot be sent. @throws {CapacityError} */
export function sharedRwLock<T>(
  value: T,
  options: { readonly maxReaders?: number } = {},
): SharedRwLock<Guarded<T>> {
  checkOptions(
    "RwLock.shared(value, options)",
    options,
    "an object, for example { maxReaders: 4 }",
  );
  const { maxReaders = MAX_PERMITS } = options;
  checkWhole("RwLock.shared(value, { maxReaders })", maxReaders, 1, MAX_PERMITS);
  const { home, claim, kind } = newLock(maxReaders, value);
  return new SharedRwLock(home, claim, kind, maxReaders);
}
