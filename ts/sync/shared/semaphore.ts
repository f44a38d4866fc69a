// The shared twin of Semaphore.

import type { Future } from "../../future/index.js";
import { checkWhole, MAX_PERMITS } from "../checks.js";
import {
  AcquireError,
  BrokenError,
  CapacityError,
  ForeignPermitError,
  SyncArgumentError,
  TryAcquireError,
} from "../errors.js";
import { siteOf } from "../lost.js";
import { BROKEN, CLOSED, HELD, KIND_SEMAPHORE, STATE_MASK } from "./core.js";
import { SharedGuard } from "./guards.js";
import { claimed, SharedWhole } from "./handle.js";
import { currentHome } from "./home.js";
import { Acquiring } from "./waits.js";

class Acquire extends Acquiring<SharedSemaphorePermit> {
  private readonly semaphore: SharedSemaphore;
  private readonly site: string | undefined;
  constructor(semaphore: SharedSemaphore, wanted: number, site: string | undefined) {
    super(semaphore, wanted);
    this.semaphore = semaphore;
    this.site = site;
  }
  protected override what(): string {
    return `Semaphore.acquire(${this.wanted})`;
  }
  protected override acquired(claim: number): SharedSemaphorePermit {
    return new SharedSemaphorePermit(this.semaphore, claim, this.site);
  }
  protected override closed(): never {
    throw new AcquireError();
  }
}

/** Permits of a shared semaphore, held until they are released. Methods as those of `SemaphorePermit`. */
export class SharedSemaphorePermit extends SharedGuard {
  private readonly lender: SharedSemaphore;

  /** @internal */
  constructor(semaphore: SharedSemaphore, claim: number, site: string | undefined) {
    super(semaphore.home, claim, "SemaphorePermit", site);
    this.lender = semaphore;
  }

  /** The handle that it was acquired through. @throws {ReleasedGuardError} after the release. */
  get semaphore(): SharedSemaphore {
    this.held();
    return this.lender;
  }

  /** Gives them back. Harmless when done twice. */
  release(): void {
    this.giveBack();
  }

  /** How many it holds. @throws {ReleasedGuardError} after the release. */
  numPermits(): number {
    return this.home.core.heldPermits(this.held());
  }

  /** The semaphore never gets them back. @throws {ReleasedGuardError} after the release. */
  forget(): void {
    this.home.core.forgetHeld(this.surrender());
  }

  /**
   * Takes over what `other` holds.
   *
   * @throws {ReleasedGuardError} when either was released. @throws {ForeignPermitError} when they are of two semaphores.
   * @throws {SyncArgumentError} for what is no permit.
   */
  merge(other: SharedSemaphorePermit): void {
    if (!(other instanceof SharedSemaphorePermit))
      throw new SyncArgumentError("merge(other)", other, "another permit of the same semaphore");
    const { core } = this.home;
    const claim = this.held();
    const others = other.held();
    if (this.home !== other.home || core.objectOf(claim) !== core.objectOf(others))
      throw new ForeignPermitError();
    if (other === this) return;
    core.mergePermits(claim, other.surrender());
  }

  /** A permit of `count` of these; undefined if it holds fewer. */
  split(count: number): SharedSemaphorePermit | undefined {
    checkWhole("split(count)", count, 0, MAX_PERMITS);
    const claim = this.held();
    if (count > this.home.core.heldPermits(claim)) return undefined;
    const part = claimed(this.home.core.splitPermits(claim, count));
    return new SharedSemaphorePermit(this.lender, part, this.siteTaken());
  }
}

/** A semaphore that several threads share. `Send`; methods as those of `Semaphore`. */
export class SharedSemaphore extends SharedWhole {
  protected override describe(): string {
    return "a Semaphore";
  }

  /** Permits that are free now. */
  availablePermits(): number {
    return this.home.core.availablePermits(this.object);
  }

  /** As `Semaphore.acquire`, first-in first-out across threads. Cancel-safe; the place in the line is lost. */
  acquire(count = 1): Future<SharedSemaphorePermit> {
    this.held();
    checkWhole("acquire(count)", count, 0, MAX_PERMITS);
    return new Acquire(this, count, siteOf(this.acquire));
  }

  /** Takes permits at once. @throws {TryAcquireError} when too few are free, or it is closed. @throws {ClosedHandleError} */
  tryAcquire(count = 1): SharedSemaphorePermit {
    checkWhole("tryAcquire(count)", count, 0, MAX_PERMITS);
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, count));
    const state = answer & STATE_MASK;
    if (state === BROKEN) throw new BrokenError();
    if (state !== HELD) throw new TryAcquireError(state === CLOSED);
    return new SharedSemaphorePermit(this, answer & ~STATE_MASK, siteOf(this.tryAcquire));
  }

  /** @throws {CapacityError} when there would be more than `Semaphore.MAX_PERMITS`, those that are in hands included. */
  addPermits(count: number): void {
    checkWhole("addPermits(count)", count, 0, MAX_PERMITS);
    this.assertWhole();
    const fits = this.home.core.addPermits(this.object, count, MAX_PERMITS) !== 0;
    this.home.settle();
    if (!fits)
      throw new CapacityError(
        "addPermits(count)",
        count,
        `so few that there are at most ${MAX_PERMITS} permits`,
      );
  }

  /** Takes free permits away for good; how many there were. @param count how many at most, a whole number from 0 on. */
  forgetPermits(count: number): number {
    checkWhole("forgetPermits(count)", count, 0, Number.MAX_SAFE_INTEGER);
    this.assertWhole();
    return this.home.core.forgetPermits(this.object, Math.min(count, MAX_PERMITS));
  }

  /** Everybody who waits, and who comes later, gets an `AcquireError`. @throws {ClosedHandleError} when this handle was disposed. */
  close(): void {
    this.home.core.closeSemaphore(this.object);
    this.home.settle();
  }

  /** Whether it was closed. @throws {ClosedHandleError} when this handle was disposed. */
  isClosed(): boolean {
    return this.home.core.isClosedObject(this.object) !== 0;
  }

  /** A handle of the same semaphore, for another owner. @throws {ClosedHandleError} when this one was disposed. */
  clone(): SharedSemaphore {
    return new SharedSemaphore(this.home, claimed(this.home.core.newReference(this.object)));
  }
}

/** @throws {CapacityError} */
export function sharedSemaphore(permits: number): SharedSemaphore {
  checkWhole("Semaphore.shared(permits)", permits, 0, MAX_PERMITS);
  const home = currentHome();
  return new SharedSemaphore(
    home,
    claimed(home.core.newObject(KIND_SEMAPHORE, permits, MAX_PERMITS)),
  );
}
