// What the shared twins of Mutex and RwLock have in common: permits and a value. A reader takes one permit, a writer all of them.
//
// K1  A writer whose thread dies while it holds the lock poisons it: the value may be half changed. Whoever gets the lock next
//     gives it back at once and is told by a PoisonedError, so an error that nobody looks at blocks nobody.
// K2  The poison is cleared by who holds the lock because it asked for that: `recover` of the error.

import type { Future } from "../../future/index.js";
import { PoisonedError, TryLockError } from "../errors.js";
import { HELD, KIND_LOCK, STATE_MASK } from "./core.js";
import { claimed, SharedWhole } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { storeFirst, type ValueKind } from "./locked-value.js";
import type { LockPlace } from "./value-guards.js";
import { Acquiring } from "./waits.js";

/** A way to take a lock: what it is called, and the guard it gives. */
export interface Way<T, G> {
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
export abstract class SharedLock<T> extends SharedWhole implements LockPlace {
  declare readonly home: SharedHome;
  /** How its value is stored. */
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

export function newLock(
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

/** One way for each method will do, whatever the type of the value. */
export function way<T, G>(any: Way<unknown, unknown>): Way<T, G> {
  return any as Way<T, G>;
}
