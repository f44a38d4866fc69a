// What a model is: the words in which models/*.ts are written.

import type { Mutant } from "./sources.js";

export type { Mutant } from "./sources.js";

/** One instance of the core: a virtual thread's. */
export interface Core {
  /** Calls an export outside of the search: in `setup` and in `check`. The name is "file.function". */
  call(name: string, ...args: readonly number[]): number;
  /** A constant of the core: "layout.PARK". */
  constant(name: string): number;
  /** The word at an address. */
  word(address: number): number;
}

/** What a body yields; made by `call`, `sleep`, `until`, `pause`, `outlive`. */
export type Operation =
  | { readonly kind: "call"; readonly name: string; readonly args: readonly number[] }
  | {
      readonly kind: "sleep";
      readonly address: number;
      readonly expected: number;
      readonly unless?: (() => boolean) | undefined;
    }
  | { readonly kind: "until"; readonly condition: () => boolean }
  | { readonly kind: "pause" }
  | { readonly kind: "outlive"; readonly thread: number };

/**
 * What a virtual thread does. It may be left and continued at every shared access inside of a call. Threads have nothing in
 * common but memory: what a body keeps in JavaScript no other body may read.
 */
export type Body = Generator<Operation, void, number>;

export type Bodies<Env> = readonly ((core: Core, env: Env) => Body)[];

export interface Model<Env = unknown> {
  readonly name: string;
  /** What it shows, for the report. */
  readonly proves: string;
  /** Prepares memory; runs anew before each schedule. One core a thread. */
  setup(cores: readonly Core[]): Env;
  readonly threads: Bodies<Env>;
  /** Throws if what is left after all threads have ended is wrong. */
  check(cores: readonly Core[], env: Env): void;
  /**
   * This thread dies: the search is made anew for each place at which it can, which is before each of its shared accesses and
   * plain stores. Another one learns of it by `outlive`.
   */
  readonly dies?: number;
  /** Puts the death off while it is false: for steps at which nobody promises anything. */
  mayDie?(cores: readonly Core[]): boolean;
  /** Most preemptions in one schedule; without it all schedules are searched. */
  readonly preemptions?: number;
  /** Takes long: searched with TOKIWA_MODEL_DEEP=1; else its schedules are only drawn, and its mutants not tried. */
  readonly isDeep?: boolean;
  /** Most schedules; reaching it is reported, never hidden. */
  readonly limit?: number;
  /** Words in which a race is meant: the name begins with one of these. */
  readonly racy?: readonly string[];
  /** At least one, and the checker must catch each. */
  readonly mutants: readonly Mutant[];
}

/** Calls an export of the core, "file.function"; the result is the call's. */
export function call(name: string, ...args: readonly number[]): Operation {
  return { kind: "call", name, args };
}

/**
 * Atomics.wait: sleeps if `expected` is at the address, until somebody notifies. A time-out never comes.
 *
 * @param unless ends the sleep when it holds: an event of the host's.
 */
export function sleep(address: number, expected: number, unless?: () => boolean): Operation {
  return { kind: "sleep", address, expected, unless };
}

/** Blocks until the condition on memory holds. */
export function until(condition: () => boolean): Operation {
  return { kind: "until", condition };
}

/**
 * In a loop that goes round until others have done something: waits until another thread has written or updated anything.
 * Without it the search follows a loop for ever that in reality ends because the others run too.
 */
export function pause(): Operation {
  return { kind: "pause" };
}

/** Waits until another thread has ended. The result is 1 if it died: see `dies` of a model. */
export function outlive(thread: number): Operation {
  return { kind: "outlive", thread };
}

/** For `check` and for bodies. */
export function insist(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function same(what: string, found: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  insist(left === right, `${what}: ${left}, expected ${right}`);
}

/** Forgets the environment's type, so that models of different kinds stand in one list. */
export function defineModel<Env>(model: Model<Env>): Model {
  return model as Model;
}
