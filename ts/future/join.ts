// join and tryJoin: several futures on one task.
//
// The branch that is polled first rotates from poll to poll, as Tokio's does, so that none is always served last. What is owned
// of the values that were collected, and are not given to anybody, is dropped: a guard is released.

import { dropAll, dropAllBecause } from "./drop.js";
import { PolledAfterCompletionError } from "./errors.js";
import { Future } from "./future.js";
import { type IntoFuture, intoFuture, type Output } from "./into.js";
import { dropOwned, ownedIn } from "./owned.js";
import { Pending, type Poll } from "./poll.js";
import { describeWait, describeWaits } from "./waits.js";
import { type Context, Waker } from "./waker.js";

/** The values of a tuple of futures, in their order. */
export type Outputs<F extends readonly unknown[]> = { -readonly [K in keyof F]: Output<F[K]> };

/** From this many branches on each gets a waker of its own, so that one wake does not poll them all. */
const MANY = 32;

/** Marks its branch as woken and passes the wake on. */
class BranchWaker extends Waker implements Context {
  private readonly owner: BranchSet;
  private readonly index: number;
  woken = true;

  constructor(owner: BranchSet, index: number) {
    super();
    this.owner = owner;
    this.index = index;
  }

  get waker(): Waker {
    return this;
  }

  override wake(): void {
    this.mark();
    this.owner.parent.wake();
  }

  override wakeDeferred(): void {
    this.mark();
    this.owner.parent.wakeDeferred();
  }

  private mark(): void {
    if (this.woken) return;
    this.woken = true;
    this.owner.woken.push(this.index);
  }
}

/** The unfinished branches of a large join, and which of them were woken. */
class BranchSet {
  readonly wakers: BranchWaker[];
  /** Whom the branches wake: the waker of the last poll, for all of them at once. */
  parent: Waker = Waker.noop();
  woken: number[];

  constructor(count: number) {
    this.wakers = Array.from({ length: count }, (_, index) => new BranchWaker(this, index));
    this.woken = this.wakers.map((_, index) => index);
  }
}

abstract class Joined<T> extends Future<T[]> {
  private readonly branches: (Future<T> | undefined)[];
  /** Until they are given to who waits. */
  private values: T[] | undefined;
  private readonly set: BranchSet | undefined;
  private unfinished: number;
  private first = 0;
  private done = false;

  constructor(branches: Future<T>[]) {
    super();
    this.branches = branches;
    this.values = new Array<T>(branches.length);
    this.unfinished = branches.length;
    this.set = branches.length >= MANY ? new BranchSet(branches.length) : undefined;
  }

  override poll(cx: Context): Poll<T[]> {
    if (this.done) throw new PolledAfterCompletionError("join");
    if (this.set === undefined) this.pollAll(cx);
    else this.pollWoken(cx, this.set);
    if (this.unfinished > 0) return Pending;
    this.done = true;
    this.finish();
    return this.takeValues() ?? Pending;
  }

  private takeValues(): T[] | undefined {
    const values = this.values;
    this.values = undefined;
    return values;
  }

  private pollAll(cx: Context): void {
    const count = this.branches.length;
    const first = this.first;
    this.first = first + 1 >= count ? 0 : first + 1;
    for (let offset = 0; offset < count; offset++) this.pollBranch((first + offset) % count, cx);
  }

  private pollWoken(cx: Context, set: BranchSet): void {
    const woken = set.woken;
    set.woken = [];
    set.parent = cx.waker;
    for (const index of woken) {
      const waker = set.wakers[index] as BranchWaker;
      waker.woken = false;
      this.pollBranch(index, waker);
    }
  }

  private pollBranch(index: number, cx: Context): void {
    const branch = this.branches[index];
    if (branch === undefined) return;
    try {
      const value = branch.poll(cx);
      if (value === Pending) return;
      this.collect(index, value);
    } catch (error) {
      this.branches[index] = undefined;
      this.unfinished -= 1;
      this.failed(error);
      return;
    }
    this.branches[index] = undefined;
    this.unfinished -= 1;
  }

  private collect(index: number, value: T): void {
    // A branch may have dropped the whole from inside of its poll.
    if (this.values === undefined) dropOwned(value);
    else this.values[index] = value;
  }

  override waitsFor(): string {
    const open = this.branches.filter((branch) => branch !== undefined);
    return describeWaits("all", open.map(describeWait));
  }

  /** A branch threw `error`. */
  protected abstract failed(error: unknown): void;

  /** All branches have ended. */
  protected abstract finish(): void;

  /** The branches that have not ended, and what is owned of the others' values, to be dropped. */
  protected takeRest(): (Disposable | undefined)[] {
    this.done = true;
    return [...this.branches.splice(0), ...(this.takeValues() ?? []).flatMap(ownedIn)];
  }

  override [Symbol.dispose](): void {
    dropAll(this.takeRest());
  }
}

class Join<T> extends Joined<T> {
  private error: unknown;
  private hasError = false;

  protected override failed(error: unknown): void {
    if (!this.hasError) this.error = error;
    this.hasError = true;
  }

  protected override finish(): void {
    if (this.hasError) throw dropAllBecause(this.error, this.takeRest());
  }
}

class TryJoin<T> extends Joined<T> {
  protected override failed(error: unknown): void {
    throw dropAllBecause(error, this.takeRest());
  }

  protected override finish(): void {}
}

function intoFutures(values: readonly IntoFuture<unknown>[], name: string): Future<unknown>[] {
  return values.map((value, index) => intoFuture(value, `${name}(arguments[${index}])`));
}

/**
 * Waits for all of the futures, on this task, and gives their values in their order. Every one of them runs to its end:
 * if some throw, the first error is thrown once the last has ended.
 *
 * Dropping drops them all. Not cancel-safe: the values of those that have ended are lost. Guards and permits among them are
 * released then, and when one throws.
 *
 * @throws {NotAFutureError} at the call, naming the argument.
 */
export function join<F extends readonly IntoFuture<unknown>[]>(...futures: F): Future<Outputs<F>> {
  return new Join(intoFutures(futures, "join")) as Future<unknown> as Future<Outputs<F>>;
}

/**
 * Like {@link join}, but stops at the first error: the others are dropped, guards and permits that are there already
 * are released, and the error is thrown. Not cancel-safe either.
 *
 * @throws {NotAFutureError} at the call, naming the argument.
 */
export function tryJoin<F extends readonly IntoFuture<unknown>[]>(
  ...futures: F
): Future<Outputs<F>> {
  return new TryJoin(intoFutures(futures, "tryJoin")) as Future<unknown> as Future<Outputs<F>>;
}
