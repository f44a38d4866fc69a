// select: the first of several futures wins, the others are dropped before its value is returned.

import { hasBudgetRemaining } from "./coop.js";
import { dropAll, dropAllBecause } from "./drop.js";
import { PolledAfterCompletionError, TokiwaError } from "./errors.js";
import { Future } from "./future.js";
import { type IntoFuture, intoFuture, type Output } from "./into.js";
import { dropOwned, ownedIn } from "./owned.js";
import { Pending, type Poll } from "./poll.js";
import { randomBelow } from "./random.js";
import { describeWait, describeWaits } from "./waits.js";
import type { Context } from "./waker.js";

/** Branches by name; `undefined` and `false` disable one. */
export type Branches = Readonly<Record<string, IntoFuture<unknown> | undefined | false>>;

/** The branch that won and its value: narrowing on `branch` narrows `value`. */
export type Winner<B extends Branches> = {
  [K in keyof B & string]: {
    readonly branch: K;
    readonly value: Output<Exclude<B[K], undefined | false>>;
  };
}[keyof B & string];

export interface SelectOptions<O = never> {
  /** Poll the branches in their order instead of from a random one on. */
  readonly biased?: boolean;
  /** Gives the value when every branch is disabled; the branch is then `"otherwise"`. */
  readonly otherwise?: () => O;
}

/** Every branch of a `select` was disabled, and there was no `otherwise`. */
export class SelectError extends TokiwaError {
  constructor(names: string[]) {
    super(
      `all branches are disabled (${names.join(", ") || "there are none"}) and there is no \`otherwise\`: ` +
        "pass `{ otherwise: () => value }` or keep one branch enabled",
    );
  }
}

class Select extends Future<{ branch: string; value: unknown }> {
  private readonly names: string[];
  private readonly futures: Future<unknown>[];
  private readonly biased: boolean;
  private readonly otherwise: (() => unknown) | undefined;
  private readonly all: string[];
  private done = false;

  constructor(branches: Branches, options: SelectOptions<unknown>) {
    super();
    this.all = Object.keys(branches);
    this.names = [];
    this.futures = [];
    for (const name of this.all) {
      const branch = branches[name];
      if (branch === undefined || branch === false) continue;
      this.names.push(name);
      this.futures.push(intoFuture(branch, `select({ ${name} })`));
    }
    this.biased = options.biased === true;
    this.otherwise = options.otherwise;
  }

  override poll(cx: Context): Poll<{ branch: string; value: unknown }> {
    if (this.done) throw new PolledAfterCompletionError("select");
    const count = this.futures.length;
    if (count === 0) return this.allDisabled();
    if (!hasBudgetRemaining()) {
      cx.waker.wakeDeferred();
      return Pending;
    }
    const first = this.biased || count === 1 ? 0 : randomBelow(count);
    for (let offset = 0; offset < count; offset++) {
      const index = (first + offset) % count;
      const value = this.pollBranch(index, cx);
      if (this.done) return this.unwanted(value);
      if (value === Pending) continue;
      this.dropLosers(index, value);
      return { branch: this.names[index] as string, value };
    }
    return Pending;
  }

  private pollBranch(index: number, cx: Context): unknown {
    try {
      return (this.futures[index] as Future<unknown>).poll(cx);
    } catch (error) {
      throw dropAllBecause(error, this.takeLosers(index));
    }
  }

  /** A branch has dropped the whole from inside of its poll: its value is nobody's. */
  private unwanted(value: unknown): Pending {
    if (value !== Pending) dropOwned(value);
    return Pending;
  }

  /** When a loser's clean-up throws nobody gets the winner's value. */
  private dropLosers(winner: number, value: unknown): void {
    try {
      dropAll(this.takeLosers(winner));
    } catch (error) {
      throw dropAllBecause(error, ownedIn(value));
    }
  }

  private allDisabled(): { branch: string; value: unknown } {
    this.done = true;
    if (this.otherwise === undefined) throw new SelectError(this.all);
    return { branch: "otherwise", value: this.otherwise() };
  }

  override waitsFor(): string {
    const branches = this.futures.map((future, at) => `${this.names[at]}: ${describeWait(future)}`);
    return describeWaits("any", branches);
  }

  /** Everything but the winner, to be dropped. */
  private takeLosers(winner: number): Future<unknown>[] {
    this.done = true;
    return this.futures.splice(0).filter((_, index) => index !== winner);
  }

  override [Symbol.dispose](): void {
    dropAll(this.takeLosers(-1));
  }
}

/**
 * Waits for the first of several futures. The losers are dropped before the winner is returned, so what they borrowed is
 * free again. The poll starts at a random branch, so that none is starved by one that is always ready.
 *
 * A branch that is `undefined` or `false` is disabled. A future that must survive losing is passed as `borrow(future)`.
 * A branch that throws wins too: its error is thrown. A loser whose clean-up throws takes the place of the winner: a guard or
 * permit that the winner gave is released.
 *
 * @param branches futures by name.
 * @param options `biased` polls in the order of the names; `otherwise` gives a value when all branches are disabled.
 * @returns `{ branch, value }`.
 * @throws {SelectError} (from the poll) when all branches are disabled and there is no `otherwise`.
 * @throws {NotAFutureError} at the call, naming the branch.
 *
 * Cancel-safe as far as each branch is.
 */
export function select<B extends Branches>(
  branches: B,
  options?: SelectOptions<never> & { otherwise?: undefined },
): Future<Winner<B>>;
export function select<B extends Branches, O>(
  branches: B,
  options: SelectOptions<O>,
): Future<Winner<B> | { readonly branch: "otherwise"; readonly value: O }>;
export function select(branches: Branches, options: SelectOptions<unknown> = {}): Future<unknown> {
  return new Select(branches, options);
}
