// Who goes next: depth-first through all schedules, at random, by random priorities, or as a line says.

import { Dice } from "../../support/core.js";
import { areDependent } from "./access.js";
import type { Schedule, Segment } from "./schedule.js";

/** Given up: every way to go on has been seen from elsewhere. */
export const REDUNDANT = -1;

export interface Strategy {
  begin(): void;
  /**
   * The thread that goes next, one of the bits of `enabled`. `current` is the one that went last if it could go on, else -1.
   * `pending` holds what each thread is about to do.
   */
  choose(current: number, enabled: number, pending: Float64Array): number;
  /** A thread has just taken a step. */
  committed(thread: number, access: number, pending: Float64Array): void;
}

export function lowestOf(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** Where a run had more than one way to go on. */
interface Fork {
  /** The way the present run takes. */
  chosen: number;
  /** Ways to take. */
  readonly candidates: number;
  /** Ways taken before. */
  taken: number;
}

/**
 * All schedules, one after the other. With a bound: those with at most so many preemptions (Musuvathi and Qadeer 2007).
 * Without: one of each set of schedules that differ only in the order of independent accesses, by sleep sets (Godefroid 1996).
 * A sleeping thread is one whose next step has been tried here before and has met nothing dependent since.
 */
export class DepthFirst implements Strategy {
  private readonly most: number;
  private readonly sleeps: boolean;
  private forks: Fork[] = [];
  private depth = 0;
  private preemptions = 0;
  private asleep = 0;

  constructor(most: number, sleeps: boolean = most === Number.POSITIVE_INFINITY) {
    this.most = most;
    this.sleeps = sleeps;
  }

  begin(): void {
    this.depth = 0;
    this.preemptions = 0;
    this.asleep = 0;
  }

  /** From the first schedule on again. */
  restart(): void {
    this.forks = [];
  }

  choose(current: number, enabled: number): number {
    const mayPreempt = current < 0 || this.preemptions < this.most;
    const candidates = mayPreempt ? enabled & ~this.asleep : 1 << current;
    if (candidates === 0) return REDUNDANT;
    // Where there is only one way there is no fork, neither the first time nor when the way is gone again.
    const isFork = (candidates & (candidates - 1)) !== 0;
    const chosen = isFork ? this.chooseAtFork(current, candidates) : lowestOf(candidates);
    if (current >= 0 && chosen !== current) this.preemptions++;
    return chosen;
  }

  private chooseAtFork(current: number, candidates: number): number {
    const fork = this.forks[this.depth] ?? this.newFork(current, candidates);
    if (fork.candidates !== candidates)
      throw new Error("the model does other things each time: is there state outside of memory?");
    this.depth++;
    if (this.sleeps) this.asleep |= fork.taken;
    return fork.chosen;
  }

  private newFork(current: number, candidates: number): Fork {
    const goesOn = current >= 0 && (candidates & (1 << current)) !== 0;
    const fork = { chosen: goesOn ? current : lowestOf(candidates), candidates, taken: 0 };
    this.forks.push(fork);
    return fork;
  }

  committed(_thread: number, access: number, pending: Float64Array): void {
    for (let asleep = this.asleep; asleep !== 0; asleep &= asleep - 1) {
      const thread = lowestOf(asleep);
      if (areDependent(pending[thread] as number, access)) this.asleep &= ~(1 << thread);
    }
  }

  /** Prepares the next schedule; false when there is none left. */
  next(): boolean {
    for (let fork = this.forks.pop(); fork !== undefined; fork = this.forks.pop()) {
      fork.taken |= 1 << fork.chosen;
      const left = fork.candidates & ~fork.taken;
      if (left === 0) continue;
      fork.chosen = lowestOf(left);
      this.forks.push(fork);
      return true;
    }
    return false;
  }
}

/** Every enabled thread is as likely as every other, at every step. */
export class RandomWalk implements Strategy {
  private readonly dice: Dice;

  constructor(seed: number) {
    this.dice = new Dice(seed);
  }

  begin(): void {}

  choose(_current: number, enabled: number): number {
    const threads: number[] = [];
    for (let mask = enabled; mask !== 0; mask &= mask - 1) threads.push(lowestOf(mask));
    return threads[this.dice.below(threads.length)] as number;
  }

  committed(): void {}
}

/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010): each thread has a random priority, the
 * highest goes, and at `depth` - 1 random steps the one that goes becomes the lowest. A bug that needs `depth` orderings
 * is found in a run with a probability of at least 1 / (threads × steps^(depth - 1)).
 *
 * Otherwise than in the paper: how long runs are is learned from the longest so far, and a thread that spins is not chosen
 * (the execution says that it is not enabled).
 */
export class Priorities implements Strategy {
  private readonly dice: Dice;
  private readonly threads: number;
  private readonly depth: number;
  private priorities: number[] = [];
  private changes: number[] = [];
  private longest = 1;
  private step = 0;

  constructor(seed: number, threads: number, depth: number) {
    this.dice = new Dice(seed);
    this.threads = threads;
    this.depth = depth;
  }

  begin(): void {
    this.longest = Math.max(this.longest, this.step);
    this.step = 0;
    this.priorities = [];
    for (let thread = 0; thread < this.threads; thread++)
      this.priorities.splice(this.dice.below(thread + 1), 0, this.depth + thread);
    this.changes = Array.from({ length: this.depth - 1 }, () => this.dice.below(this.longest));
  }

  choose(_current: number, enabled: number): number {
    const change = this.changes.indexOf(this.step++);
    if (change >= 0) this.priorities[this.highest(enabled)] = change;
    return this.highest(enabled);
  }

  private highest(enabled: number): number {
    let best = lowestOf(enabled);
    for (let mask = enabled; mask !== 0; mask &= mask - 1) {
      const thread = lowestOf(mask);
      if ((this.priorities[thread] as number) > (this.priorities[best] as number)) best = thread;
    }
    return best;
  }

  committed(): void {}
}

/**
 * As a schedule says. A segment whose thread cannot go on is over; after the last one every thread runs as long as it can. So
 * any list of segments is a schedule, which the shrinker makes use of.
 */
export class Replay implements Strategy {
  private readonly segments: readonly Segment[];
  private index = 0;
  private left = 0;

  constructor({ segments }: Schedule) {
    this.segments = segments;
  }

  begin(): void {
    this.index = 0;
    this.left = this.segments[0]?.steps ?? 0;
  }

  choose(current: number, enabled: number): number {
    for (;;) {
      const segment = this.segments[this.index];
      if (segment === undefined) return current >= 0 ? current : lowestOf(enabled);
      if (this.left > 0 && (enabled & (1 << segment.thread)) !== 0) return segment.thread;
      this.index++;
      this.left = this.segments[this.index]?.steps ?? 0;
    }
  }

  committed(thread: number): void {
    if (this.segments[this.index]?.thread === thread) this.left--;
  }
}
