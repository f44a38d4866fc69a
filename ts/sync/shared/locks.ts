// The shared twins of Mutex and RwLock: permits and a value. A reader takes one permit, a writer all of them.
//
// K1  A writer whose thread dies while it holds the lock poisons it: the value may be half changed. Whoever gets the lock next
//     gives it back at once and is told by a PoisonedError, so an error that nobody looks at blocks nobody.
// K2  The poison is cleared by who holds the lock because it asked for that: `recover` of the error.

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

/** A way to take a lock: what it is called, and the guard it gives. */
interface Way<T, G> {
  readonly method: string;
  guard(lock: SharedLock<T>, claim: number, site: string | undefined): G;
}

class Lock<T, G> extends Acquiring<G> {
  private readonly lock: SharedLock<T>;
  private readonly way: Way<T, G>;
  private readonly site: string | undefined;
  private readonly recovers: boolean;

  constructor(
    lock: SharedLock<T>,
    wanted: number,
    way: Way<T, G>,
    site: string | undefined,
    recovers: boolean,
  ) {
    super(lock, wanted);
    this.lock = lock;
    this.way = way;
    this.site = site;
    this.recovers = recovers;
  }

  protected override what(): string {
    return this.way.method;
  }

  protected override acquired(claim: number): G {
    if (this.recovers) this.home.core.clearPoison(this.object);
    return this.lock.granted(claim, this.wanted, this.way, this.site);
  }

  protected override closed(): never {
    throw new TryLockError(this.way.method);
  }
}

/** What both kinds of lock have. */
export abstract class SharedLock<T> extends SharedHandle implements LockPlace {
  declare readonly home: SharedHome;
  /** @internal */
  readonly kind: ValueKind;

  /** @internal */
  constructor(home: SharedHome, claim: number, kind: ValueKind) {
    super(home, claim);
    this.kind = kind;
  }

  /** @internal The guard of a claim that has the lock. @throws {PoisonedError} K1. */
  granted<G>(claim: number, wanted: number, way: Way<T, G>, site: string | undefined): G {
    const { core } = this.home;
    if (core.isPoisoned(core.objectOf(claim)) === 0) return way.guard(this, claim, site);
    core.dropClaim(claim);
    this.home.settle();
    throw new PoisonedError(way.method, () => new Lock(this, wanted, way, site, true));
  }

  /** Whether a thread has died while it could change the value, and nobody has cleared that. */
  isPoisoned(): boolean {
    return this.home.core.isPoisoned(this.object) !== 0;
  }

  protected acquire<G>(wanted: number, way: Way<T, G>, site: string | undefined): Future<G> {
    return new Lock<T, G>(this, wanted, way, site, false);
  }

  protected take<G>(wanted: number, way: Way<T, G>, site: string | undefined): G {
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, wanted));
    if ((answer & STATE_MASK) === HELD)
      return this.granted(answer & ~STATE_MASK, wanted, way, site);
    this.assertWhole();
    throw new TryLockError(way.method);
  }

  /** @internal */
  override extra(): unknown {
    return this.kind;
  }
}

/** One of either for each method, whatever the type of the value. */
const LOCK: Way<unknown, SharedMutexGuard<unknown>> = {
  method: "Mutex.lock()",
  guard: (lock, claim, site) => new SharedMutexGuard(lock, claim, site),
};
const TRY_LOCK: typeof LOCK = { method: "Mutex.tryLock()", guard: LOCK.guard };

function way<T, G>(any: Way<unknown, unknown>): Way<T, G> {
  return any as Way<T, G>;
}

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

  /** As `Mutex.with`. @throws {PoisonedError} as `lock` */
  with<R>(callback: (value: T) => Returned<R>): Future<R> {
    return new UnderLock<T, R>(this.lock(), callback);
  }

  /** A handle of the same mutex, for another owner. */
  clone(): SharedMutex<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedMutex(this.home, claim, this.kind);
  }
}

const READ: Way<unknown, SharedReadGuard<unknown>> = {
  method: "RwLock.read()",
  guard: (lock, claim, site) => new SharedReadGuard(lock, claim, site),
};
const TRY_READ: typeof READ = { method: "RwLock.tryRead()", guard: READ.guard };
const WRITE: Way<unknown, SharedWriteGuard<unknown>> = {
  method: "RwLock.write()",
  guard: (lock, claim, site) =>
    new SharedWriteGuard(lock, claim, (lock as SharedRwLock<unknown>).maxReaders, site),
};
const TRY_WRITE: typeof WRITE = { method: "RwLock.tryWrite()", guard: WRITE.guard };

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

  /** As `RwLock.withRead`. */
  withRead<R>(callback: (value: T) => Returned<R>): Future<R> {
    return new UnderLock<T, R>(this.read(), callback);
  }

  /** As `RwLock.withWrite`. */
  withWrite<R>(callback: (value: T) => Returned<R>): Future<R> {
    return new UnderLock<T, R>(this.write(), callback);
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
