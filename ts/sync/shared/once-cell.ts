// The shared twin of OnceCell: a semaphore with one permit, for who initialises, that is closed once there is a value.
//
// O1, O2  As for the plain one (ts/sync/once-cell.ts).
// O3  A value that is there stays.

import {
  type AsyncFunction,
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../../future/index.js";
import type { Returned } from "../callback.js";
import { checkFunction } from "../checks.js";
import { BrokenError, SetError } from "../errors.js";
import { Initialization, type Initializer } from "../initialization.js";
import { BROKEN, CLOSED, HELD, KIND_SEMAPHORE, STATE_MASK } from "./core.js";
import { claimed, SharedWhole } from "./handle.js";
import { currentHome } from "./home.js";
import { Acquiring } from "./waits.js";

/** Instead of a permit, when there is a value. */
const INITIALIZED = 0;

/** The permit to initialise. */
class Turn extends Acquiring<number> {
  protected override what(): string {
    return "OnceCell.getOrInit()";
  }
  protected override acquired(claim: number): number {
    return claim;
  }
  protected override closed(): number {
    return INITIALIZED;
  }
}

class GetOrInit<T> extends Future<T> {
  private readonly cell: SharedOnceCell<T>;
  private readonly turn: Turn;
  private readonly initialization: Initialization;
  /** Once it has its turn. */
  private permit = 0;
  private done = false;

  constructor(cell: SharedOnceCell<T>, initializer: Initializer, args: readonly unknown[]) {
    super();
    this.cell = cell;
    this.turn = new Turn(cell, 1);
    this.initialization = new Initialization(initializer, args);
  }

  override poll(cx: Context): Poll<T> {
    if (this.done) throw new PolledAfterCompletionError("getOrInit()");
    let ended = true;
    try {
      const value = this.advance(cx);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this.end();
    }
  }

  private advance(cx: Context): Poll<T> {
    if (this.permit === 0) {
      const permit = this.turn.poll(cx);
      if (permit === Pending) return Pending;
      if (permit === INITIALIZED) return this.cell.get() as T;
      this.permit = permit;
    }
    const value = this.initialization.poll(cx);
    if (value === Pending) return Pending;
    this.cell.initialize(value as T);
    return this.cell.get() as T;
  }

  private end(): void {
    this.done = true;
    this.turn[Symbol.dispose]();
    const { permit } = this;
    const { home } = this.cell;
    this.permit = 0;
    if (permit === 0) return;
    home.core.dropClaim(permit);
    home.settle();
  }

  override waitsFor(): string | undefined {
    return this.initialization.waitsFor() ?? this.turn.waitsFor();
  }

  override [Symbol.dispose](): void {
    try {
      if (!this.done) this.initialization[Symbol.dispose]();
    } finally {
      this.end();
    }
  }
}

/** A cell that is initialised once, on whichever thread comes first. `Send`; methods as those of `OnceCell`. */
export class SharedOnceCell<T> extends SharedWhole {
  private read = false;
  private value: T | undefined = undefined;

  protected override describe(): string {
    return "an OnceCell";
  }

  /** The value, read from shared memory once for each handle, or undefined. */
  get(): T | undefined {
    const { object } = this;
    if (this.read) return this.value;
    if (this.home.core.isClosedObject(object) === 0) {
      this.assertWhole();
      return undefined;
    }
    this.value = this.home.read(this.home.core.readValue(object)) as T;
    this.read = true;
    return this.value;
  }

  /** Whether there is a value. @throws {ClosedHandleError} when this handle was disposed. */
  isInitialized(): boolean {
    return this.home.core.isClosedObject(this.object) !== 0;
  }

  /** @throws {SetError} with the value, when there is one or somebody is about to give one. */
  set(value: T): void {
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, 1));
    const state = answer & STATE_MASK;
    if (state === BROKEN) throw new BrokenError();
    if (state !== HELD) throw new SetError(value, state !== CLOSED);
    try {
      this.initialize(value);
    } finally {
      this.home.core.dropClaim(answer & ~STATE_MASK);
      this.home.settle();
    }
  }

  /** @internal By who has the permit. */
  initialize(value: T): void {
    const object = this.written(value, "value");
    this.home.core.setValue(object, this.home.outcome, this.home.number);
    this.home.core.closeSemaphore(object);
    this.home.settle();
  }

  /**
   * The value, or what `initializer` gives, which runs here if nobody else's does; if it throws or is dropped, the next who waits tries.
   *
   * @param initializer a plain, async or coroutine function. @param args what it is called with. @throws what `initializer` throws.
   */
  getOrInit<A extends readonly unknown[]>(initializer: AsyncFunction<A, T>, ...args: A): Future<T>;
  getOrInit<A extends readonly unknown[]>(
    initializer: (...args: A) => Returned<T>,
    ...args: A
  ): Future<T>;
  getOrInit(initializer: (...args: never[]) => unknown, ...args: unknown[]): Future<T> {
    checkFunction("getOrInit(initializer)", initializer, "a function that makes the value");
    return new GetOrInit<T>(this, initializer as Initializer, args);
  }

  /** A handle of the same cell, for another owner. @throws {ClosedHandleError} when this one was disposed. */
  clone(): SharedOnceCell<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedOnceCell(this.home, claim);
  }
}

export function sharedOnceCell<T>(): SharedOnceCell<T> {
  const home = currentHome();
  return new SharedOnceCell(home, claimed(home.core.newObject(KIND_SEMAPHORE, 1, 1)));
}
