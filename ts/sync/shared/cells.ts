// The shared twins of Barrier, SetOnce and OnceCell, and the flag by which a CancellationToken reaches other threads: a version
// that changes, and who waits for that.

import {
  type AsyncFunction,
  type Context,
  Future,
  isCoroutineFunction,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../../future/index.js";
import type { BarrierWaitResult } from "../barrier-wait-result.js";
import { CallbackContext, futureOf, type Returned } from "../callback.js";
import { BrokenError, ClosedHandleError, SetError } from "../errors.js";
import {
  BROKEN,
  CLOSED,
  HELD,
  KIND_CELL,
  KIND_SEMAPHORE,
  OUTCOME_EMPTY,
  OUTCOME_NONE,
  ROLE_SENDER,
  STATE_MASK,
  WAITING,
} from "./core.js";
import { checkWhole, claimed, SharedHandle } from "./handle.js";
import { currentHome, destinationHome, type SharedHome } from "./home.js";
import { Acquiring, Listening, type Place } from "./waits.js";

/** Waits until the version is another than `seen`. */
export abstract class AwaitVersion<T> extends Listening<T> {
  protected seen: number;

  constructor(place: Place, seen: number) {
    super(place);
    this.seen = seen;
  }

  protected abstract changed(): Poll<T>;

  protected override look(listener: number, slot: number, generation: number): Poll<T> {
    const { core } = this.home;
    const answer = core.awaitVersion(this.object, listener, this.seen, slot, generation);
    if (answer === WAITING) return Pending;
    if (answer === BROKEN) throw new BrokenError();
    return answer === CLOSED ? this.closed() : this.changed();
  }

  protected closed(): Poll<T> {
    throw new ClosedHandleError(this.what());
  }
}

// ── Barrier ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

class BarrierWait extends AwaitVersion<BarrierWaitResult> {
  private readonly barrier: SharedBarrier;
  private arrived = false;

  constructor(barrier: SharedBarrier) {
    super(barrier, 0);
    this.barrier = barrier;
  }

  protected override what(): string {
    return "Barrier.wait()";
  }

  protected override look(
    listener: number,
    slot: number,
    generation: number,
  ): Poll<BarrierWaitResult> {
    if (!this.arrived) {
      this.barrier.held();
      this.arrived = true;
      this.seen = this.home.core.arrive(this.object);
      if (this.seen === -1) return { isLeader: true };
    }
    return super.look(listener, slot, generation);
  }

  protected override changed(): BarrierWaitResult {
    return { isLeader: false };
  }
}

/** A barrier at which tasks of several threads meet. `Send`; methods as those of `Barrier`. */
export class SharedBarrier extends SharedHandle {
  protected override describe(): string {
    return "a Barrier";
  }

  /** As `Barrier.wait`. Not cancel-safe: who has arrived stays counted. */
  wait(): Future<BarrierWaitResult> {
    this.held();
    return new BarrierWait(this);
  }

  clone(): SharedBarrier {
    return new SharedBarrier(this.home, claimed(this.home.core.newReference(this.object)));
  }
}

/** The object stays open: there is always somebody who can change it. */
function newCell(home: SharedHome, maximum: number): number {
  const claim = claimed(home.core.newObject(KIND_CELL, 0, maximum));
  const sender = home.core.newEnd(home.core.objectOf(claim), ROLE_SENDER);
  if (sender === 0) home.core.dropClaim(claim);
  // A sender that nobody drops would keep the object: it is what the handle is.
  home.core.dropClaim(claim);
  return claimed(sender);
}

export function sharedBarrier(count: number): SharedBarrier {
  checkWhole("Barrier.shared(count)", count, 0, 2 ** 30);
  const home = currentHome();
  return new SharedBarrier(home, newCell(home, Math.max(1, count)));
}

// ── SetOnce ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

class AwaitSet<T> extends AwaitVersion<T> {
  private readonly cell: SharedSetOnce<T>;

  constructor(cell: SharedSetOnce<T>) {
    super(cell, 0);
    this.cell = cell;
  }

  protected override what(): string {
    return "SetOnce.wait()";
  }

  protected override changed(): T {
    return this.cell.get() as T;
  }
}

/** A cell that is set once, by whichever thread. `Send`; methods as those of `SetOnce`. */
export class SharedSetOnce<T> extends SharedHandle {
  private read = false;
  private value: T | undefined = undefined;

  protected override describe(): string {
    return "a SetOnce";
  }

  /** @throws {SetError} with the value, when there is one already. @throws {SendError} when the value cannot be sent. */
  set(value: T): void {
    this.held();
    this.home.write(value, "value");
    const { core, outcome, number } = this.home;
    const accepted = core.publishOnce(this.object, outcome, number) !== 0;
    if (!accepted) this.home.discard();
    this.home.settle();
    if (!accepted) throw new SetError(value, false);
  }

  /** The value, read from shared memory once for each handle, or undefined. */
  get(): T | undefined {
    this.held();
    if (this.read || this.home.core.versionOf(this.object) === 0) return this.value;
    this.value = this.home.read(this.home.core.readValue(this.object)) as T;
    this.read = true;
    return this.value;
  }

  isInitialized(): boolean {
    return this.home.core.versionOf(this.object) !== 0;
  }

  /** Waits for the value. Cancel-safe. */
  wait(): Future<T> {
    this.held();
    return new AwaitSet(this);
  }

  clone(): SharedSetOnce<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedSetOnce(this.home, claim);
  }
}

export function sharedSetOnce<T>(): SharedSetOnce<T> {
  const home = currentHome();
  return new SharedSetOnce(home, newCell(home, 0));
}

// ── OnceCell ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Initializer = (...args: unknown[]) => unknown;

/** The permit to initialise; undefined when somebody has. */
class Turn extends Acquiring<number | undefined> {
  protected override what(): string {
    return "OnceCell.getOrInit()";
  }
  protected override acquired(claim: number): number {
    return claim;
  }
  protected override closed(): Error {
    return INITIALIZED;
  }
}

const INITIALIZED: Error = /* @__PURE__ */ new Error("initialized");

class GetOrInit<T> extends Future<T> {
  private readonly cell: SharedOnceCell<T>;
  private readonly home: SharedHome;
  private turn: Turn | undefined;
  private readonly initializer: Initializer;
  private readonly args: readonly unknown[];
  private readonly context: CallbackContext = new CallbackContext();
  private permit = 0;
  private body: Future<unknown> | undefined = undefined;
  private done = false;

  constructor(cell: SharedOnceCell<T>, initializer: Initializer, args: readonly unknown[]) {
    super();
    this.cell = cell;
    this.home = cell.home;
    this.turn = new Turn(cell, 1);
    this.initializer = initializer;
    this.args = args;
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
    if (this.turn !== undefined) {
      const state = this.awaitTurn(cx, this.turn);
      if (state !== HELD) return state === WAITING ? Pending : (this.cell.get() as T);
    }
    if (this.body === undefined) {
      // As in once-cell.ts: only a function that declares one parameter more gets the context.
      const { initializer, args, context } = this;
      const wantsContext = initializer.length > args.length && !isCoroutineFunction(initializer);
      const result = initializer(...(wantsContext ? [...args, context] : args));
      this.body = futureOf(result);
      if (this.body === undefined) return this.initialized(result as T);
    }
    const value = this.body.poll(cx);
    return value === Pending ? Pending : this.initialized(value as T);
  }

  private awaitTurn(cx: Context, turn: Turn): number {
    try {
      const permit = turn.poll(cx);
      if (permit === Pending) return WAITING;
      this.permit = permit as number;
      this.turn = undefined;
      return HELD;
    } catch (error) {
      if (error !== INITIALIZED) throw error;
      return CLOSED;
    }
  }

  private initialized(value: T): T {
    this.cell.initialize(value);
    return this.cell.get() as T;
  }

  private end(): void {
    this.done = true;
    this.turn?.[Symbol.dispose]();
    this.turn = undefined;
    const permit = this.permit;
    this.permit = 0;
    if (permit === 0) return;
    this.home.core.dropClaim(permit);
    this.home.settle();
  }

  override waitsFor(): string | undefined {
    return "OnceCell.getOrInit()";
  }

  override [Symbol.dispose](): void {
    const started = this.body !== undefined && !this.done;
    try {
      this.body?.[Symbol.dispose]();
    } finally {
      if (started) this.context.abort();
      this.end();
    }
  }
}

/** A cell that is initialised once, on whichever thread comes first. `Send`; methods as those of `OnceCell`. */
export class SharedOnceCell<T> extends SharedHandle {
  private read = false;
  private value: T | undefined = undefined;

  protected override describe(): string {
    return "a OnceCell";
  }

  /** The value, read from shared memory once for each handle, or undefined. */
  get(): T | undefined {
    this.held();
    if (this.read || !this.isInitialized()) return this.value;
    this.value = this.home.read(this.home.core.readValue(this.object)) as T;
    this.read = true;
    return this.value;
  }

  isInitialized(): boolean {
    return this.home.core.isClosedObject(this.object) !== 0;
  }

  /** @throws {SetError} with the value, when there is one or somebody is about to give one. */
  set(value: T): void {
    this.held();
    const answer = claimed(this.home.core.tryAcquirePermits(this.object, 1));
    if ((answer & STATE_MASK) !== HELD) throw new SetError(value, answer !== CLOSED);
    try {
      this.initialize(value);
    } finally {
      this.home.core.dropClaim(answer & ~STATE_MASK);
      this.home.settle();
    }
  }

  /** @internal By who has the permit. */
  initialize(value: T): void {
    this.home.write(value, "value");
    this.home.core.setValue(this.object, this.home.outcome, this.home.number);
    this.home.core.closeSemaphore(this.object);
    this.home.settle();
  }

  /**
   * The value, or what `init` gives, which runs here if nobody else's does; if it throws or is dropped, the next who waits tries.
   *
   * @param init a plain, async or coroutine function. @param args what it is called with. @throws what `init` throws.
   */
  getOrInit<A extends readonly unknown[]>(init: AsyncFunction<A, T>, ...args: A): Future<T>;
  getOrInit<A extends readonly unknown[]>(init: (...args: A) => Returned<T>, ...args: A): Future<T>;
  getOrInit(init: (...args: never[]) => unknown, ...args: unknown[]): Future<T> {
    this.held();
    return new GetOrInit<T>(this, init as Initializer, args);
  }

  clone(): SharedOnceCell<T> {
    const claim = claimed(this.home.core.newReference(this.object));
    return new SharedOnceCell(this.home, claim);
  }
}

export function sharedOnceCell<T>(): SharedOnceCell<T> {
  const home = currentHome();
  return new SharedOnceCell(home, claimed(home.core.newObject(KIND_SEMAPHORE, 1, 1)));
}

// ── A flag ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

class AwaitFlag extends AwaitVersion<void> {
  protected override what(): string {
    return "CancellationToken.cancelled()";
  }
  protected override changed(): void {}
}

/** Raised once, seen by all threads: what a CancellationToken is to other threads. */
export class SharedFlag extends SharedHandle {
  private read = false;
  private value: unknown = undefined;

  protected override describe(): string {
    return "a CancellationToken";
  }

  isRaised(): boolean {
    return this.home.core.versionOf(this.object) !== 0;
  }

  /** Whether there is a handle of it besides this one: on another thread, or on its way. */
  isElsewhere(): boolean {
    return this.isHeld() && this.home.core.strongOf(this.object) > 1;
  }

  /** What it was raised with, read from shared memory once; undefined until then, and where that could not be sent. */
  reason(): unknown {
    if (this.read || !this.isHeld() || !this.isRaised()) return this.value;
    this.read = true;
    try {
      this.value = this.home.read(this.home.core.readValue(this.object));
    } catch {
      // A cancel is heard of, whatever it was given.
    }
    return this.value;
  }

  /** Does nothing to one that is raised. */
  raise(reason?: unknown): void {
    if (!this.isHeld() || this.isRaised()) return;
    if (reason === undefined || !this.raiseWith(reason))
      this.home.core.publishOnce(this.object, OUTCOME_NONE, OUTCOME_EMPTY);
    this.home.settle();
  }

  private raiseWith(reason: unknown): boolean {
    try {
      this.home.write(reason, "the reason of a cancel");
    } catch {
      return false;
    }
    const { core, outcome, number } = this.home;
    if (core.publishOnce(this.object, outcome, number) === 0) this.home.discard();
    return true;
  }

  raised(): Future<void> {
    return new AwaitFlag(this, 0);
  }
}

export function sharedFlag(): SharedFlag {
  const home = destinationHome();
  return new SharedFlag(home, newCell(home, 0));
}
