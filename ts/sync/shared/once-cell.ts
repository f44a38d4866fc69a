// The shared twin of OnceCell: a semaphore with one permit, for who initialises, that is closed while there is a value
// (assembly/core/shared/once.ts).
//
// O1, O2  As for the plain one (ts/sync/once-cell.ts).
// O3  A value that is there stays, until it is taken: then the cell begins anew, under another version, by which handles know that what
//     they have read is gone.
// O4  Who asked before the value was taken, and was not polled between the two, asks anew: nothing in shared memory keeps a value for those
//     who have only been told that it is there.

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
import {
  BROKEN,
  CLOSED,
  HELD,
  KIND_SEMAPHORE,
  OUTCOME_BYTES,
  OUTCOME_EMPTY,
  STATE_MASK,
} from "./core.js";
import { claimed, SharedWhole } from "./handle.js";
import { currentHome } from "./home.js";
import { Acquiring } from "./waits.js";

/** Instead of a permit, when there is a value. */
const INITIALIZED = 0;

/** Versions count values and takings by turns. */
function isOfValue(version: number): boolean {
  return (version & 1) !== 0;
}

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
  private turn: Turn;
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
    while (this.permit === 0) {
      const permit = this.turn.poll(cx);
      if (permit === Pending) return Pending;
      if (permit !== INITIALIZED) this.permit = permit;
      else if (this.cell.look()) return this.cell.seen as T;
      // O4
      else this.turn = new Turn(this.cell, 1);
    }
    const value = this.initialization.poll(cx);
    if (value === Pending) return Pending;
    return this.cell.initialize(this.permit, value as T);
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
  /** Of which version `seen` is; 0 for none. */
  private version = 0;
  /** @internal The value that was looked at last. It may have been taken since. */
  seen: T | undefined = undefined;

  protected override describe(): string {
    return "an OnceCell";
  }

  /** The value, read from shared memory once for each handle, or undefined. */
  get(): T | undefined {
    if (this.look()) return this.seen;
    this.assertWhole();
    return undefined;
  }

  /** @internal Whether there is a value, which is then in `seen`. */
  look(): boolean {
    const { object } = this;
    const { core } = this.home;
    const version = core.versionOf(object);
    if (!isOfValue(version)) return this.forget();
    if (version === this.version) return true;
    const outcome = core.readValue(object);
    // Taken in between.
    if (outcome === OUTCOME_EMPTY) return this.forget();
    this.keep(outcome);
    return true;
  }

  private forget(): false {
    this.version = 0;
    this.seen = undefined;
    return false;
  }

  /** Keeps what the core has left as its result. */
  private keep(outcome: number): void {
    const version = this.home.resultVersion();
    this.seen = this.home.read(outcome) as T;
    this.version = version;
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
    const permit = answer & ~STATE_MASK;
    try {
      this.store(permit, value, 0);
    } finally {
      this.home.core.dropClaim(permit);
      this.home.settle();
    }
  }

  /** @internal By who has the permit, which it gives back. What the others will read. */
  initialize(permit: number, value: T): T {
    this.store(permit, value, 1);
    return this.seen as T;
  }

  private store(permit: number, value: T, read: number): void {
    this.written(value, "value");
    const { core, outcome, number } = this.home;
    const whole = core.initialize(permit, outcome, number, read) !== 0;
    if (whole && read !== 0) this.keep(outcome);
    this.home.settle();
    if (!whole) throw new BrokenError();
  }

  /**
   * Takes the value out; the cell is then as good as new, for every thread. What was read of it before stays what it is. Handles in it are
   * the caller's.
   *
   * Unlike with a plain cell, who waits in a `getOrInit` and was not polled since the value came begins anew.
   *
   * @returns the value; undefined when there is none, and then nothing happens.
   * @throws {ClosedHandleError} when this handle was disposed. @throws {BrokenError} when a thread died in the middle of using the cell.
   * @throws {SendError} when there is something in it that there is one of, and another handle has read it: the cell begins anew all the same.
   */
  take(): T | undefined {
    const { object, version, seen } = this;
    const outcome = this.home.core.takeInitialized(object);
    this.forget();
    if (outcome === OUTCOME_EMPTY) {
      this.assertWhole();
      return undefined;
    }
    try {
      if (this.home.resultVersion() !== version) return this.home.read(outcome) as T;
      // This handle has read it, and has with it what there is one of.
      if (outcome >= OUTCOME_BYTES) this.home.core.unpin(this.home.result());
      return seen;
    } finally {
      this.home.settle();
    }
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
