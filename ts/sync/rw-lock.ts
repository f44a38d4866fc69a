// RwLock: many readers or one writer, over one semaphore: a reader takes one permit, a writer all of them.
//
// R1  First come first served. A writer in line holds back the readers behind it, so it does not starve; a task that reads while
//     it holds a read guard may therefore wait for itself.
// R2  A downgrade gives up all permits but one in one step: no writer gets in between.

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
import { checkFunction, checkOptions, checkWhole, MAX_PERMITS } from "./checks.js";
import { ReadOnlyGuardError, TryLockError } from "./errors.js";
import { ValueGuard, ValueSemaphore } from "./guard.js";
import { type Loan, siteOf } from "./lost.js";
import type { Guarded, OnlyGuardable } from "./shared/locked-value.js";
import type { SharedRwLock } from "./shared/rw-lock.js";
import { UnderLock } from "./under-lock.js";

class Read<T> extends Acquire<ValueSemaphore<T>, ReadGuard<T>> {
  // See Future.next.
  protected override next(): IteratorResult<Suspension, ReadGuard<T>> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(loan: Loan<ValueSemaphore<T>>): ReadGuard<T> {
    return new ReadGuard(loan);
  }

  protected override called(): string {
    return "RwLock.read()";
  }
}

class Write<T> extends Acquire<ValueSemaphore<T>, WriteGuard<T>> {
  // See Future.next.
  protected override next(): IteratorResult<Suspension, WriteGuard<T>> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(loan: Loan<ValueSemaphore<T>>): WriteGuard<T> {
    return new WriteGuard(loan);
  }

  protected override called(): string {
    return "RwLock.write()";
  }
}

/** Holds a lock for reading until it is released. */
export class ReadGuard<T> extends ValueGuard<T> {
  protected override called(): string {
    return "ReadGuard";
  }

  /** The guarded value. @throws {ReleasedGuardError} after the release. */
  override get value(): T {
    return this.held().lender.value;
  }

  /** Is for who writes. @throws {ReadOnlyGuardError} always. */
  override set value(_: never) {
    throw new ReadOnlyGuardError("ReadGuard", "take `write()` to replace it");
  }

  /** The lock that it holds. @throws {ReleasedGuardError} after the release. */
  get rwLock(): RwLock<T> {
    return this.held().lender.lock as RwLock<T>;
  }
}

/** Holds a lock for writing until it is released. */
export class WriteGuard<T> extends ValueGuard<T> {
  protected override called(): string {
    return "WriteGuard";
  }

  /** The guarded value. @throws {ReleasedGuardError} after the release. */
  override get value(): T {
    return this.held().lender.value;
  }

  override set value(value: T) {
    this.held().lender.value = value;
  }

  /** The lock that it holds. @throws {ReleasedGuardError} after the release. */
  get rwLock(): RwLock<T> {
    return this.held().lender.lock as RwLock<T>;
  }

  /**
   * Goes on as a reader, without a writer getting in between. This guard has then been given away.
   *
   * @throws {ReleasedGuardError} after the release.
   */
  downgrade(): ReadGuard<T> {
    const loan: Loan<ValueSemaphore<T>> = this.surrender();
    const given = loan.record.permits - 1;
    loan.record.permits = 1;
    const guard = new ReadGuard(loan);
    if (given > 0) loan.lender.release(given);
    return guard;
  }
}

export interface RwLockOptions {
  /** How many may read at once, from 1 to 2 ** 29 - 1; as many by default. */
  readonly maxReaders?: number;
}

/** A value that many may read, or one may write. Fair: writers and readers come in the order in which they asked. */
export class RwLock<T> {
  private readonly semaphore: ValueSemaphore<T>;
  private readonly maxReaders: number;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `RwLock.shared`";
  }

  /**
   * @throws {CapacityError} when `maxReaders` is no whole number from 1 to 2 ** 29 - 1. @throws {SyncArgumentError} when `options`
   *   is no object.
   */
  constructor(value: T, options: RwLockOptions = {}) {
    checkOptions("RwLock(value, options)", options, "an object, for example { maxReaders: 4 }");
    const { maxReaders = MAX_PERMITS } = options;
    checkWhole("maxReaders", maxReaders, 1, MAX_PERMITS);
    this.maxReaders = maxReaders;
    this.semaphore = new ValueSemaphore(maxReaders, "guard of an RwLock", value, this);
  }

  /**
   * A lock for tasks of several threads: `Send`, with the same methods. A writer whose thread dies poisons it.
   *
   * @param value as for `Mutex.shared`. @param options as for the constructor.
   */
  static shared<T>(
    value: T,
    options: RwLockOptions = {},
    ..._onlySend: OnlyGuardable<T>
  ): SharedRwLock<Guarded<T>> {
    return sharedForms().sharedRwLock(value, options);
  }

  /** Waits until it may read. Cancel-safe; the place in the line is lost. */
  read(): Future<ReadGuard<T>> {
    return new Read(this.semaphore, 1, siteOf(this.read));
  }

  /** Waits until it alone may read and write. Cancel-safe; the place in the line is lost. */
  write(): Future<WriteGuard<T>> {
    return new Write(this.semaphore, this.maxReaders, siteOf(this.write));
  }

  /** Reads if nobody writes or waits to. @throws {TryLockError} otherwise, and when `maxReaders` read. */
  tryRead(): ReadGuard<T> {
    return new ReadGuard(this.tryLend(1, "tryRead()", this.tryRead));
  }

  /** Writes if nobody reads or writes. @throws {TryLockError} otherwise. */
  tryWrite(): WriteGuard<T> {
    return new WriteGuard(this.tryLend(this.maxReaders, "tryWrite()", this.tryWrite));
  }

  private tryLend(permits: number, what: string, entry: () => unknown): Loan<ValueSemaphore<T>> {
    const semaphore = this.semaphore;
    if (!semaphore.tryTake(permits)) throw new TryLockError(what);
    return semaphore.lend(permits, currentContext()?.id ?? 0, siteOf(entry));
  }

  /**
   * Calls `callback` with the value while nobody writes. See {@link Mutex.with}, which does the same with a mutex.
   *
   * @throws {SyncArgumentError} at the call, for what is no function. @throws (from the poll) what it throws.
   */
  withRead<R>(callback: (value: T) => Returned<R>): Future<R> {
    checkFunction("withRead(callback)", callback);
    return new UnderLock(new Read(this.semaphore, 1, siteOf(this.withRead)), callback);
  }

  /**
   * Calls `callback` with the value while nobody else reads or writes. See {@link Mutex.with}.
   *
   * @throws {SyncArgumentError} at the call, for what is no function. @throws (from the poll) what it throws.
   */
  withWrite<R>(callback: (value: T) => Returned<R>): Future<R> {
    checkFunction("withWrite(callback)", callback);
    const site = siteOf(this.withWrite);
    return new UnderLock(new Write(this.semaphore, this.maxReaders, site), callback);
  }
}
