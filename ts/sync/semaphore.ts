// Semaphore: permits for whoever limits how many do something at once.

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
import { BatchSemaphore } from "./batch-semaphore.js";
import { checkWhole, MAX_PERMITS } from "./checks.js";
import { ForeignPermitError, SyncArgumentError, TryAcquireError } from "./errors.js";
import { Guard } from "./guard.js";
import { type Loan, type LoanRecord, siteOf } from "./lost.js";
import type { SharedSemaphore } from "./shared/semaphore.js";

/** Permits that come into the world and leave it: of those that are free, promised and out together there are at most MAX_PERMITS. */
class Permits extends BatchSemaphore {
  readonly semaphore: Semaphore;
  private total: number;

  constructor(permits: number, semaphore: Semaphore) {
    super(permits, "SemaphorePermit");
    this.semaphore = semaphore;
    this.total = permits;
  }

  /** How many more there may be. */
  get room(): number {
    return MAX_PERMITS - this.total;
  }

  add(count: number): void {
    this.total += count;
    this.release(count);
  }

  override forget(count: number): number {
    const forgotten = super.forget(count);
    this.total -= forgotten;
    return forgotten;
  }

  /** A loan comes back, and its permits do not. */
  forgetLoan(loan: Loan<this>): void {
    this.total -= this.takeBack(loan);
  }

  protected override describeLoan(record: LoanRecord): string {
    const { permits } = record;
    return `${record.describe()} with ${permits} ${permits === 1 ? "permit" : "permits"}`;
  }
}

class AcquirePermit extends Acquire<Permits, SemaphorePermit> {
  // See Future.next.
  protected override next(): IteratorResult<Suspension, SemaphorePermit> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  protected override acquired(loan: Loan<Permits>): SemaphorePermit {
    return new SemaphorePermit(loan);
  }

  protected override called(): string {
    return `Semaphore.acquire(${this.wanted})`;
  }
}

/** Permits of a semaphore, held until they are released: `using permit = yield* semaphore.acquire()`. */
export class SemaphorePermit extends Guard<Permits> {
  protected override called(): string {
    return "SemaphorePermit";
  }

  /** The semaphore that they are of. @throws {ReleasedGuardError} after the release. */
  get semaphore(): Semaphore {
    return this.held().lender.semaphore;
  }

  /** How many permits it holds. @throws {ReleasedGuardError} after the release. */
  numPermits(): number {
    return this.held().record.permits;
  }

  /** Takes its permits out of the world: they do not come back. @throws {ReleasedGuardError} after the release. */
  forget(): void {
    const loan = this.surrender();
    loan.lender.forgetLoan(loan);
  }

  /**
   * Takes over what `other` holds, which has then been given away.
   *
   * @throws {ReleasedGuardError} when either was released. @throws {ForeignPermitError} when they are of two semaphores.
   * @throws {SyncArgumentError} for what is no permit.
   */
  merge(other: SemaphorePermit): void {
    if (!(other instanceof SemaphorePermit))
      throw new SyncArgumentError("merge(other)", other, "another permit of the same semaphore");
    const loan = this.held();
    if (other.held().lender !== loan.lender) throw new ForeignPermitError();
    if (other === this) return;
    loan.record.permits += loan.lender.takeBack(other.surrender());
  }

  /**
   * Splits off a permit of its own.
   *
   * @param count how many go to the new one, a whole number from 0 on.
   * @returns the new one; undefined when this one holds fewer.
   * @throws {ReleasedGuardError} after the release. @throws {CapacityError} when the count is none.
   */
  split(count: number): SemaphorePermit | undefined {
    const { lender, record } = this.held();
    checkWhole("split(count)", count, 0, MAX_PERMITS);
    if (count > record.permits) return undefined;
    const loan = lender.lend(count, record.holder, record.site);
    record.permits -= count;
    return new SemaphorePermit(loan);
  }
}

/**
 * A number of permits. Fair: who asks first is served first, and a large request holds back the small ones behind it. Permits
 * that come back go straight to the one who waits longest.
 */
export class Semaphore {
  /** The most permits that there can be, free and held together: 2 ** 29 - 1. */
  static get MAX_PERMITS(): number {
    return MAX_PERMITS;
  }

  /**
   * A semaphore for tasks of several threads: `Send`, with the same methods.
   *
   * @param permits as for the constructor.
   */
  static shared(permits: number): SharedSemaphore {
    return sharedForms().sharedSemaphore(permits);
  }

  private readonly semaphore: Permits;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `Semaphore.shared`";
  }

  /**
   * @param permits how many there are at first; 0 is allowed.
   * @throws {CapacityError} when that is no whole number from 0 to `MAX_PERMITS`.
   */
  constructor(permits: number) {
    checkWhole("Semaphore(permits)", permits, 0, MAX_PERMITS);
    this.semaphore = new Permits(permits, this);
  }

  /** Permits that are free now. */
  availablePermits(): number {
    return this.semaphore.available;
  }

  /**
   * Waits for permits, for all of them at once. Cancel-safe; the place in the line is lost, and what it was assigned goes to the
   * others.
   *
   * @param count how many, one by default. More than the semaphore ever has waits for ever.
   * @throws {CapacityError} at the call, when that is no whole number from 0 to `MAX_PERMITS`.
   * @throws {AcquireError} (from the poll) once the semaphore is closed.
   */
  acquire(count = 1): Future<SemaphorePermit> {
    checkWhole("acquire(count)", count, 0, MAX_PERMITS);
    return new AcquirePermit(this.semaphore, count, siteOf(this.acquire));
  }

  /**
   * Takes permits that are free.
   *
   * @throws {TryAcquireError} when there are too few, or the semaphore is closed. @throws {CapacityError} as `acquire`.
   */
  tryAcquire(count = 1): SemaphorePermit {
    checkWhole("tryAcquire(count)", count, 0, MAX_PERMITS);
    const semaphore = this.semaphore;
    if (!semaphore.tryTake(count)) throw new TryAcquireError(semaphore.isClosed());
    const holder = currentContext()?.id ?? 0;
    return new SemaphorePermit(semaphore.lend(count, holder, siteOf(this.tryAcquire)));
  }

  /**
   * Brings new permits into the world.
   *
   * @throws {CapacityError} when that is no whole number from 0 on, or there would be more than `MAX_PERMITS`, free and held
   *   together.
   */
  addPermits(count: number): void {
    checkWhole("addPermits(count)", count, 0, this.semaphore.room);
    this.semaphore.add(count);
  }

  /**
   * Takes free permits out of the world.
   *
   * @param count how many at most, a whole number from 0 on.
   * @returns how many there were of them.
   * @throws {CapacityError} when the count is none.
   */
  forgetPermits(count: number): number {
    checkWhole("forgetPermits(count)", count, 0, Number.MAX_SAFE_INTEGER);
    return this.semaphore.forget(count);
  }

  /** Gives no permits from now on: who waits, and who comes, gets an `AcquireError`. Permits that are out stay valid. */
  close(): void {
    this.semaphore.close();
  }

  isClosed(): boolean {
    return this.semaphore.isClosed();
  }
}
