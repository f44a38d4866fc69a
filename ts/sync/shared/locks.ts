// The shared twins of Mutex and RwLock: permits and a value. A reader takes one permit, a writer all of them.
//
// K1  A writer whose thread dies while it holds the lock poisons it: the value may be half changed. Whoever gets the lock next
//     is told by a PoisonedError, and may take the value as it is with `recover`.

import type { Future } from "../../future/index.js";
import type { Returned } from "../callback.js";
import { PoisonedError, TryLockError } from "../errors.js";
import { siteOf } from "../lost.js";
import { UnderLock } from "../under-lock.js";
import { HELD, KIND_LOCK, STATE_MASK } from "./core.js";
import { checkWhole, claimed, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { type Guarded, storeFirst, type ValueKind } from "./locked-value.js";
import {
  type LockPlace,
  SharedMutexGuard,
  SharedReadGuard,
  SharedWriteGuard,
} from "./value-guards.js";
import { Acquiring } from "./waits.js";

const MAX_READERS: number = 2 ** 29 - 1;

/** Makes a guard of a claim that has been granted. */
type MakeGuard<T, G> = (lock: SharedLock<T>, claim: number, site: string | undefined) => G;

class Lock<T, G> extends Acquiring<G> {
  private readonly lock: SharedLock<T>;
  private readonly make: MakeGuard<T, G>;
  private readonly method: string;
  private readonly site: string | undefined;

  constructor(
    lock: SharedLock<T>,
    wanted: number,
    make: MakeGuard<T, G>,
    method: string,
    site: string | undefined,
  ) {
    super(lock, wanted);
    this.lock = lock;
    this.make = make;
    this.method = method;
    this.site = site;
  }

  protected override what(): string {
    return this.method;
  }

  protected override acquired(claim: number): G {
    return this.lock.grantedBy(this.make(this.lock, claim, this.site), this.method);
  }

  protected override closed(): never {
    throw new TryLockError(this.method);
  }
}

/** What both kinds of lock have. */
export abstract class SharedLock<T> extends SharedHandle implements LockPlace {
  declare readonly home: SharedHome;
  declare readonly object: number;
  readonly kind: ValueKind;

  /** @internal */
  constructor(home: SharedHome, claim: number, kind: ValueKind) {
    super(home, claim);
    this.kind = kind;
  }

  get handle(): SharedHandle {
    return this;
  }

  /** @internal K1. */
  grantedBy<G>(guard: G, method: string): G {
    if (this.home.core.isPoisoned(this.object) === 0) return guard;
    throw new PoisonedError(method, guard, () => this.home.core.clearPoison(this.object));
  }

  /** Whether a thread has died while it could change the value. */
  isPoisoned(): boolean {
    return this.home.core.isPoisoned(this.object) !== 0;
  }

  protected acquire<G>(
    wanted: number,
    make: MakeGuard<T, G>,
    method: string,
    site: string | undefined,
  ): Future<G> {
    this.held();
    return new Lock<T, G>(this, wanted, make, method, site);
  }

  protected take<G>(
    wanted: number,
    make: MakeGuard<T, G>,
    method: string,
    site: string | undefined,
  ): G {
    this.held();
    this.home.assertAlive();
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, wanted));
    if ((answer & STATE_MASK) !== HELD) throw new TryLockError(method);
    return this.grantedBy(make(this, answer & ~STATE_MASK, site), method);
  }

  override extra(): unknown {
    return this.kind;
  }
}

function mutexGuard<T>(
  lock: SharedLock<T>,
  claim: number,
  site: string | undefined,
): SharedMutexGuard<T> {
  return new SharedMutexGuard(lock, claim, site);
}

/** A mutex that several threads share. `Send`; methods as those of `Mutex`. */
export class SharedMutex<T> extends SharedLock<T> {
  protected override describe(): string {
    return "a Mutex";
  }

  /**
   * Waits for the lock, first-in first-out across threads. Cancel-safe; the place in the line is lost.
   *
   * @throws {PoisonedError} (from the poll) when the thread of a holder has died; it has the guard.
   */
  lock(): Future<SharedMutexGuard<T>> {
    return this.acquire<SharedMutexGuard<T>>(1, mutexGuard, "Mutex.lock()", siteOf(this.lock));
  }

  /** Takes the lock at once. @throws {TryLockError} @throws {PoisonedError} */
  tryLock(): SharedMutexGuard<T> {
    return this.take<SharedMutexGuard<T>>(1, mutexGuard, "Mutex.tryLock()", siteOf(this.tryLock));
  }

  isLocked(): boolean {
    this.held();
    return this.home.core.availablePermits(this.object) === 0;
  }

  /** As `Mutex.with`. */
  with<R>(callback: (value: T) => Returned<R>): Future<R> {
    return new UnderLock<T, R>(this.lock(), callback);
  }

  clone(): SharedMutex<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedMutex(this.home, claim, this.kind);
  }
}

function readGuard<T>(
  lock: SharedLock<T>,
  claim: number,
  site: string | undefined,
): SharedReadGuard<T> {
  return new SharedReadGuard(lock, claim, site);
}

function writeGuard<T>(
  lock: SharedLock<T>,
  claim: number,
  site: string | undefined,
): SharedWriteGuard<T> {
  return new SharedWriteGuard(lock, claim, (lock as SharedRwLock<T>).maxReaders, site);
}

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
    return "a RwLock";
  }

  /** As `RwLock.read`. @throws {PoisonedError} */
  read(): Future<SharedReadGuard<T>> {
    return this.acquire<SharedReadGuard<T>>(1, readGuard, "RwLock.read()", siteOf(this.read));
  }

  /** As `RwLock.write`. @throws {PoisonedError} */
  write(): Future<SharedWriteGuard<T>> {
    return this.acquire<SharedWriteGuard<T>>(
      this.maxReaders,
      writeGuard,
      "RwLock.write()",
      siteOf(this.write),
    );
  }

  /** @throws {TryLockError} @throws {PoisonedError} */
  tryRead(): SharedReadGuard<T> {
    return this.take<SharedReadGuard<T>>(1, readGuard, "RwLock.tryRead()", siteOf(this.tryRead));
  }

  /** @throws {TryLockError} @throws {PoisonedError} */
  tryWrite(): SharedWriteGuard<T> {
    return this.take<SharedWriteGuard<T>>(
      this.maxReaders,
      writeGuard,
      "RwLock.tryWrite()",
      siteOf(this.tryWrite),
    );
  }

  /** As `RwLock.withRead`. */
  withRead<R>(callback: (value: T) => Returned<R>): Future<R> {
    return new UnderLock<T, R>(this.read(), callback);
  }

  /** As `RwLock.withWrite`. */
  withWrite<R>(callback: (value: T) => Returned<R>): Future<R> {
    return new UnderLock<T, R>(this.write(), callback);
  }

  clone(): SharedRwLock<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedRwLock(this.home, claim, this.kind, this.maxReaders);
  }

  override extra(): unknown {
    return [this.kind, this.maxReaders];
  }
}

function newLock(
  permits: number,
  value: unknown,
): { claim: number; kind: ValueKind; home: SharedHome } {
  const home = currentHome();
  const claim = claimed(home.core.newObject(KIND_LOCK, permits, permits));
  try {
    return { claim, kind: storeFirst(home, home.core.objectOf(claim), value), home };
  } catch (error) {
    home.core.dropClaim(claim);
    throw error;
  }
}

export function sharedMutex<T>(value: T): SharedMutex<Guarded<T>> {
  const { home, claim, kind } = newLock(1, value);
  return new SharedMutex(home, claim, kind);
}

export function sharedRwLock<T>(
  value: T,
  options: { readonly maxReaders?: number } = {},
): SharedRwLock<Guarded<T>> {
  const { maxReaders = MAX_READERS } = options;
  checkWhole("RwLock.shared(value, { maxReaders })", maxReaders, 1, MAX_READERS);
  const { home, claim, kind } = newLock(maxReaders, value);
  return new SharedRwLock(home, claim, kind, maxReaders);
}
