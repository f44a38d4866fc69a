// What guards have in common: they hold a loan, and without it they refuse.

import { BatchSemaphore } from "./batch-semaphore.js";
import { checkFunction, PROJECTION } from "./checks.js";
import { ReadOnlyGuardError, ReleasedGuardError } from "./errors.js";
import type { Loan } from "./lost.js";

/** Holds a part of a lock, or permits, until it is released. */
export abstract class Guard<S extends BatchSemaphore> implements Disposable {
  private loan: Loan<S> | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "release it, or send what it guards";
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  /** @internal */
  constructor(loan: Loan<S>) {
    this.loan = loan;
  }

  /** The name of its class, which a bundler may have changed. */
  protected abstract called(): string;

  /** The loan of a guard that has not been released. */
  protected held(): Loan<S> {
    const loan = this.loan;
    if (loan === undefined) throw new ReleasedGuardError(this.called());
    return loan;
  }

  /** Gives the loan up: whoever calls this has taken it over. */
  protected surrender(): Loan<S> {
    const loan = this.held();
    this.loan = undefined;
    return loan;
  }

  /** Gives back what it holds. Harmless when done twice. */
  release(): void {
    const loan = this.loan;
    if (loan === undefined) return;
    this.loan = undefined;
    loan.lender.restore(loan);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A semaphore, the value that it guards, and the lock that it is in. */
export class ValueSemaphore<T> extends BatchSemaphore {
  value: T;
  readonly lock: object;

  constructor(permits: number, guardName: string, value: T, lock: object) {
    super(permits, guardName);
    this.value = value;
    this.lock = lock;
  }
}

/** A guard of a value. */
export abstract class ValueGuard<T> extends Guard<ValueSemaphore<T>> {
  /** The guarded value. @throws {ReleasedGuardError} after the release. */
  get value(): T {
    return this.held().lender.value;
  }

  /**
   * Turns it into a guard of a part of the value. This guard has then been given away; if `project` throws, it has not.
   *
   * @param project finds the part. Of a number, a string and their like the guard gets a copy: to change one, map to the object
   *   that it is in.
   * @throws {ReleasedGuardError} after the release. @throws {SyncArgumentError} for what is no function. @throws what `project` throws.
   */
  map<U>(project: (value: T) => U): MappedGuard<U> {
    checkFunction("map(project)", project, PROJECTION);
    const part = project(this.value);
    return new MappedGuard(this.surrender(), part);
  }

  /**
   * Like {@link map}, if there is such a part.
   *
   * @param project finds the part, or gives undefined.
   * @returns the guard of the part; undefined when there is none, and then this guard holds on.
   * @throws as `map`.
   */
  tryMap<U>(project: (value: T) => U | undefined): MappedGuard<U> | undefined {
    checkFunction("tryMap(project)", project, PROJECTION);
    const part = project(this.value);
    return part === undefined ? undefined : new MappedGuard(this.surrender(), part);
  }
}

/** Holds a lock for the sake of a part of its value. */
export class MappedGuard<T> extends Guard<BatchSemaphore> {
  private readonly part: T;

  /** @internal */
  constructor(loan: Loan<BatchSemaphore>, part: T) {
    super(loan);
    this.part = part;
  }

  protected override called(): string {
    return "MappedGuard";
  }

  /** The part. @throws {ReleasedGuardError} after the release. */
  get value(): T {
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
  map<U>(project: (value: T) => U): MappedGuard<U> {
    checkFunction("map(project)", project, PROJECTION);
    const part = project(this.value);
    return new MappedGuard(this.surrender(), part);
  }

  /** A guard of a part of the part, if there is such a part, like `tryMap` of the guard before it. @throws as that. */
  tryMap<U>(project: (value: T) => U | undefined): MappedGuard<U> | undefined {
    checkFunction("tryMap(project)", project, PROJECTION);
    const part = project(this.value);
    return part === undefined ? undefined : new MappedGuard(this.surrender(), part);
  }
}
