// The shared twin of Semaphore.

import type { Future } from "../../future/index.js";
import { AcquireError, CapacityError, ForeignPermitError, TryAcquireError } from "../errors.js";
import { siteOf } from "../lost.js";
import { CLOSED, HELD, KIND_SEMAPHORE, STATE_MASK } from "./core.js";
import { SharedGuard } from "./guards.js";
import { checkWhole, claimed, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { Acquiring } from "./waits.js";

const MAX_PERMITS: number = 2 ** 29 - 1;

class Acquire extends Acquiring<SharedSemaphorePermit> {
  private readonly site: string | undefined;
  constructor(semaphore: SharedSemaphore, wanted: number, site: string | undefined) {
    super(semaphore, wanted);
    this.site = site;
  }
  protected override what(): string {
    return "Semaphore.acquire()";
  }
  protected override acquired(claim: number): SharedSemaphorePermit {
    return new SharedSemaphorePermit(this.home, claim, this.site);
  }
  protected override closed(): never {
    throw new AcquireError();
  }
}

/** Permits of a shared semaphore, held until they are released. Methods as those of `SemaphorePermit`. */
export class SharedSemaphorePermit extends SharedGuard {
  /** @internal */
  constructor(home: SharedHome, claim: number, site: string | undefined) {
    super(home, claim, "SemaphorePermit", site);
  }

  /** How many it holds. */
  numPermits(): number {
    return this.home.core.heldPermits(this.held());
  }

  /** The semaphore never gets them back. */
  forget(): void {
    this.home.core.forgetHeld(this.surrender());
  }

  /** Takes over what `other` holds. @throws {ForeignPermitError} when it is of another semaphore. */
  merge(other: SharedSemaphorePermit): void {
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
    return new SharedSemaphorePermit(this.home, part, this.siteTaken());
  }
}

/** A semaphore that several threads share. `Send`; methods as those of `Semaphore`. */
export class SharedSemaphore extends SharedHandle {
  protected override describe(): string {
    return "a semaphore";
  }

  /** Permits that are free now. */
  availablePermits(): number {
    this.held();
    return this.home.core.availablePermits(this.object);
  }

  /** As `Semaphore.acquire`, first-in first-out across threads. Cancel-safe; the place in the line is lost. */
  acquire(count = 1): Future<SharedSemaphorePermit> {
    this.held();
    checkWhole("acquire(count)", count, 0, MAX_PERMITS);
    return new Acquire(this, count, siteOf(this.acquire));
  }

  /** Takes permits at once. @throws {TryAcquireError} */
  tryAcquire(count = 1): SharedSemaphorePermit {
    this.held();
    this.home.assertAlive();
    checkWhole("tryAcquire(count)", count, 0, MAX_PERMITS);
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, count));
    if ((answer & STATE_MASK) !== HELD) throw new TryAcquireError(answer === CLOSED);
    return new SharedSemaphorePermit(this.home, answer & ~STATE_MASK, siteOf(this.tryAcquire));
  }

  /** @throws {CapacityError} when there would be more than `Semaphore.MAX_PERMITS`, those that are in hands included. */
  addPermits(count: number): void {
    this.held();
    checkWhole("addPermits(count)", count, 0, MAX_PERMITS);
    const fits = this.home.core.addPermits(this.object, count, MAX_PERMITS) !== 0;
    this.home.settle();
    if (!fits)
      throw new CapacityError(
        "addPermits(count)",
        count,
        `so few that there are at most ${MAX_PERMITS} permits`,
      );
  }

  /** Takes free permits away for good; how many there were. */
  forgetPermits(count: number): number {
    this.held();
    checkWhole("forgetPermits(count)", count, 0, MAX_PERMITS);
    return this.home.core.forgetPermits(this.object, count);
  }

  /** Everybody who waits gets an `AcquireError`. */
  close(): void {
    this.held();
    this.home.core.closeSemaphore(this.object);
    this.home.settle();
  }

  isClosed(): boolean {
    return this.home.core.isClosedObject(this.object) !== 0;
  }

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
