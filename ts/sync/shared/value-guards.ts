// Guards of shared locks, which hold the lock's permits and its value.
//
// G1  The value is read when it is first looked at, and a writer writes it back at the release if it was (locked-value.ts, V2).
// G2  A guard's claim keeps the object, whatever becomes of the lock's handle. What is mapped or downgraded has given its claim to the guard that it became.

import { ReleasedGuardError } from "../errors.js";
import { SharedGuard } from "./guards.js";
import type { SharedHome } from "./home.js";
import { ENCODED, fill, load, store, type ValueKind } from "./locked-value.js";

/** What a guard needs of its lock. */
export interface LockPlace {
  readonly home: SharedHome;
  readonly kind: ValueKind;
}

/** A guard of a value: reads it. */
abstract class SharedValueGuard<T> extends SharedGuard {
  protected readonly lock: LockPlace;
  private loaded: boolean;
  private current: T | undefined;

  /** @internal */
  constructor(lock: LockPlace, claim: number, name: string, site: string | undefined) {
    super(lock.home, claim, name, site);
    this.lock = lock;
    this.loaded = false;
    this.current = undefined;
  }

  /** @throws {ReleasedGuardError} @throws {ShutdownError} */
  protected loadedValue(): T {
    const claim = this.held();
    this.home.assertAlive();
    if (!this.loaded) {
      this.current = load(this.home, this.home.core.objectOf(claim), this.lock.kind) as T;
      this.loaded = true;
    }
    return this.current as T;
  }

  protected replace(value: T): void {
    this.held();
    this.home.assertAlive();
    this.current = value;
    this.loaded = true;
  }

  /** Writes the value back, if it was looked at and is no region, which is the memory itself. */
  protected storeLoaded(): void {
    const { home, lock } = this;
    if (this.loaded && lock.kind === ENCODED)
      store(home, home.core.objectOf(this.held()), this.current);
  }
}

/** A guard of a part of the value. */
export class SharedMappedGuard<T, U> implements Disposable {
  private guard: { readonly value: T; release(): void } | undefined;
  private readonly part: U;

  /** @internal */
  constructor(guard: { readonly value: T; release(): void }, part: U) {
    this.guard = guard;
    this.part = part;
  }

  /** The part. @throws {ReleasedGuardError} after the release. */
  get value(): U {
    if (this.guard === undefined) throw new ReleasedGuardError("MappedGuard");
    return this.part;
  }

  /** A guard of a part of the part. @throws {ReleasedGuardError} after the release. @throws what `project` throws. */
  map<V>(project: (value: U) => V): SharedMappedGuard<T, V> {
    const part = project(this.value);
    const guard = this.guard as { readonly value: T; release(): void };
    this.guard = undefined;
    return new SharedMappedGuard(guard, part);
  }

  /** Releases the guard that it was made of. Harmless when done twice. @throws as that one's `release` */
  release(): void {
    const { guard } = this;
    this.guard = undefined;
    guard?.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Holds a shared lock for reading. */
export class SharedReadGuard<T> extends SharedValueGuard<T> {
  /** @internal */
  constructor(lock: LockPlace, claim: number, site: string | undefined) {
    super(lock, claim, "ReadGuard", site);
  }

  /** The value: a copy for this guard, or the region itself. @throws {ReleasedGuardError} after the release. */
  get value(): T {
    return this.loadedValue();
  }

  /** Gives the lock up. Harmless when done twice. */
  release(): void {
    this.giveBack();
  }

  /** As `ReadGuard.map`. @throws {ReleasedGuardError} after the release. @throws what `project` throws. */
  map<U>(project: (value: T) => U): SharedMappedGuard<T, U> {
    const part = project(this.value);
    return new SharedMappedGuard(this.passOn(), part);
  }

  private passOn(): SharedReadGuard<T> {
    const site = this.siteTaken();
    return new SharedReadGuard(this.lock, this.surrender(), site);
  }
}

/** Holds a shared lock for writing. The value is written back at the release, if it was looked at. */
abstract class SharedWriter<T> extends SharedValueGuard<T> {
  /**
   * The value; may be changed in place, or assigned. A region is filled from what is assigned.
   *
   * @throws {ReleasedGuardError} after the release. @throws {RegionValueError} when a region is assigned what it cannot be filled from.
   */
  get value(): T {
    return this.loadedValue();
  }

  set value(value: T) {
    if (this.lock.kind === ENCODED) this.replace(value);
    else fill(this.loadedValue(), value);
  }

  /** The guard that holds the claim of this one instead. */
  protected abstract passedOn(claim: number, site: string | undefined): SharedWriter<T>;

  /**
   * As `MutexGuard.map`. What is changed in the part is written back with the value.
   *
   * @throws {ReleasedGuardError} after the release. @throws what `project` throws.
   */
  map<U>(project: (value: T) => U): SharedMappedGuard<T, U> {
    const { value } = this;
    const part = project(value);
    const site = this.siteTaken();
    const guard = this.passedOn(this.surrender(), site);
    guard.replace(value);
    return new SharedMappedGuard(guard, part);
  }

  /** Once the runtime is gone nobody can read the value any more. */
  protected writeBack(): void {
    if (this.isHeld() && this.home.isAlive()) this.storeLoaded();
  }

  /**
   * Writes the value back and gives the lock up. Harmless when done twice.
   *
   * @throws {SendError} when the value cannot be sent any more; the lock is given up with the value that it had.
   */
  release(): void {
    try {
      this.writeBack();
    } finally {
      this.giveBack();
    }
  }

  /** As `release`. */
  override [Symbol.dispose](): void {
    this.release();
  }
}

/** Holds a shared Mutex. */
export class SharedMutexGuard<T> extends SharedWriter<T> {
  /** @internal */
  constructor(lock: LockPlace, claim: number, site: string | undefined) {
    super(lock, claim, "MutexGuard", site);
  }

  protected override passedOn(claim: number, site: string | undefined): SharedMutexGuard<T> {
    return new SharedMutexGuard(this.lock, claim, site);
  }
}

/** Holds a shared RwLock for writing. */
export class SharedWriteGuard<T> extends SharedWriter<T> {
  private readonly readers: number;

  /** @internal */
  constructor(lock: LockPlace, claim: number, readers: number, site: string | undefined) {
    super(lock, claim, "WriteGuard", site);
    this.readers = readers;
  }

  /** Goes on as a reader, without anybody writing in between. @throws {ReleasedGuardError} after the release. @throws {SendError} as `release` */
  downgrade(): SharedReadGuard<T> {
    this.held();
    this.writeBack();
    const site = this.siteTaken();
    const claim = this.surrender();
    this.home.core.giveSomeBack(claim, this.readers - 1);
    this.home.settle();
    return new SharedReadGuard(this.lock, claim, site);
  }

  protected override passedOn(claim: number, site: string | undefined): SharedWriteGuard<T> {
    return new SharedWriteGuard(this.lock, claim, this.readers, site);
  }
}
