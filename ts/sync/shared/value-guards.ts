// Guards of shared locks, which hold the lock's permits and its value.
//
// G1  The value is read when it is first looked at, and a writer writes it back at the release if it was (locked-value.ts, V2).
// G2  A guard's claim keeps the object, whatever becomes of the lock's handle. What is mapped or downgraded has given its claim to
//     the guard that it became.

import type { Owned } from "../../future/index.js";
import { checkFunction, PROJECTION } from "../checks.js";
import { ReadOnlyGuardError, ReleasedGuardError } from "../errors.js";
import { SharedGuard } from "./guards.js";
import type { SharedHome } from "./home.js";
import { ENCODED, fill, load, store, type ValueKind } from "./locked-value.js";

/** What a guard of a part lets go of. */
interface HeldGuard {
  release(): void;
}

/** What a guard needs of its lock. */
export interface LockPlace {
  readonly home: SharedHome;
  readonly kind: ValueKind;
}

/** A guard of a value: reads it. */
export abstract class SharedValueGuard<T, L extends LockPlace = LockPlace> extends SharedGuard {
  protected readonly lock: L;
  private loaded: boolean;
  private current: T | undefined;

  /** @internal */
  constructor(lock: L, claim: number, name: string, site: string | undefined) {
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
    if (!this.loaded || lock.kind !== ENCODED) return;
    home.write(this.current, "value");
    // Encoding runs the program's code. If that has released the guard, the lock is somebody else's and the value has been stored.
    if (this.isHeld()) store(home, home.core.objectOf(this.held()));
    else home.discard();
  }

  /** The guard that a guard of a part has in it: it holds what this one held. */
  protected abstract guardOfAll(value: T): HeldGuard;

  /** @throws {ReleasedGuardError} */
  abstract get value(): T;

  /**
   * As `MutexGuard.map`. What is changed in the part is written back with the value, if this guard may write.
   *
   * @param project finds the part.
   * @throws {ReleasedGuardError} after the release. @throws {SyncArgumentError} for what is no function. @throws what `project` throws.
   */
  map<U>(project: (value: T) => U): SharedMappedGuard<U> {
    checkFunction("map(project)", project, PROJECTION);
    const { value } = this;
    const part = project(value);
    return new SharedMappedGuard(this.guardOfAll(value), part);
  }

  /**
   * Like {@link map}, if there is such a part.
   *
   * @param project finds the part, or gives undefined.
   * @returns the guard of the part; undefined when there is none, and then this guard holds on.
   * @throws as `map`.
   */
  tryMap<U>(project: (value: T) => U | undefined): SharedMappedGuard<U> | undefined {
    checkFunction("tryMap(project)", project, PROJECTION);
    const { value } = this;
    const part = project(value);
    return part === undefined ? undefined : new SharedMappedGuard(this.guardOfAll(value), part);
  }
}

/** Holds a shared lock for the sake of a part of its value. */
export class SharedMappedGuard<U> implements Owned {
  private guard: HeldGuard | undefined;
  private readonly part: U;

  /** @internal */
  constructor(guard: HeldGuard, part: U) {
    this.guard = guard;
    this.part = part;
  }

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "release it, or send what it guards";
  }

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
  }

  private held(): HeldGuard {
    if (this.guard === undefined) throw new ReleasedGuardError("MappedGuard");
    return this.guard;
  }

  /** Gives the guard away. */
  private surrender(): HeldGuard {
    const guard = this.held();
    this.guard = undefined;
    return guard;
  }

  /** The part. @throws {ReleasedGuardError} after the release. */
  get value(): U {
    this.held();
    return this.part;
  }

  /** A part is changed, and not replaced. @throws {ReadOnlyGuardError} always. */
  set value(_: never) {
    throw new ReadOnlyGuardError(
      "MappedGuard",
      "map to the object that holds it, and assign there",
    );
  }

  /** A guard of a part of the part, like `map` of the guard before it. @throws as that. */
  map<V>(project: (value: U) => V): SharedMappedGuard<V> {
    checkFunction("map(project)", project, PROJECTION);
    const part = project(this.value);
    return new SharedMappedGuard(this.surrender(), part);
  }

  /** A guard of a part of the part, if there is such a part, like `tryMap` of the guard before it. @throws as that. */
  tryMap<V>(project: (value: U) => V | undefined): SharedMappedGuard<V> | undefined {
    checkFunction("tryMap(project)", project, PROJECTION);
    const part = project(this.value);
    return part === undefined ? undefined : new SharedMappedGuard(this.surrender(), part);
  }

  /** Releases the guard that it was made of. Harmless when done twice. @throws as that one's `release` */
  release(): void {
    if (this.guard !== undefined) this.surrender().release();
  }

  /** As `release`. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** Holds a shared lock for writing. The value is written back at the release, if it was looked at. */
export abstract class SharedWriter<T, L extends LockPlace = LockPlace> extends SharedValueGuard<
  T,
  L
> {
  /**
   * The value; may be changed in place, or assigned. A region is filled from what is assigned.
   *
   * @throws {ReleasedGuardError} after the release. @throws {RegionValueError} when a region is assigned what it cannot be filled from.
   */
  override get value(): T {
    return this.loadedValue();
  }

  override set value(value: T) {
    if (this.lock.kind === ENCODED) this.replace(value);
    else fill(this.loadedValue(), value);
  }

  /** The guard that holds the claim of this one instead. */
  protected abstract passedOn(claim: number, site: string | undefined): SharedWriter<T, L>;

  protected override guardOfAll(value: T): HeldGuard {
    const site = this.siteTaken();
    const guard = this.passedOn(this.surrender(), site);
    guard.replace(value);
    return guard;
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
