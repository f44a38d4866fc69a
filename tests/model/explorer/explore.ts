// Searches a model for a schedule that fails, and says honestly how much was searched.

import { Dice } from "../../support/core.js";
import { modelModule } from "./compile.js";
import { Execution } from "./execution.js";
import { replay, VARIABLE } from "./failure.js";
import type { Model, Mutant } from "./model.js";
import { parseSchedule } from "./schedule.js";
import { shrink } from "./shrink.js";
import { DepthFirst, Priorities, RandomWalk, type Strategy } from "./strategies.js";

const DEFAULT_LIMIT = 200_000;

export interface Report {
  readonly model: string;
  /** Runs to the end; those given up as redundant count apart. */
  readonly schedules: number;
  readonly redundant: number;
  /** Places at which a thread died. */
  readonly deaths: number;
  /** Everything up to the bound was seen. */
  readonly isComplete: boolean;
  /** Infinity: all schedules. */
  readonly preemptions: number;
  readonly sharedWords: number;
  readonly milliseconds: number;
}

export interface SearchOptions {
  readonly mutant?: Mutant;
  readonly limit?: number;
  readonly preemptions?: number;
}

/** A search under way: counts, and turns a failed run into a failure that is shrunk. */
class Search {
  readonly model: Model;
  readonly what: string;
  readonly execution: Execution;
  readonly started = performance.now();
  schedules = 0;
  redundant = 0;
  deaths = 0;

  constructor(model: Model, mutant: Mutant | undefined, module: WebAssembly.Module) {
    this.model = model;
    this.what = mutant === undefined ? model.name : `${model.name}/${mutant.name}`;
    this.execution = new Execution(model, module);
  }

  run(strategy: Strategy): void {
    const outcome = this.execution.run(strategy);
    if (outcome.kind === "redundant") this.redundant++;
    else this.schedules++;
    if (outcome.kind === "failed") this.fail(outcome.reason);
  }

  private fail(reason: Error): never {
    const { execution } = this;
    const schedule = shrink(this.execution, execution.schedule.schedule(execution.death));
    const { failure } = replay(this.execution, this.model, this.what, schedule, this.schedules);
    throw failure ?? new Error(`${this.what}: a failure did not come again`, { cause: reason });
  }

  report(isComplete: boolean, preemptions: number): Report {
    return {
      model: this.what,
      schedules: this.schedules,
      redundant: this.redundant,
      deaths: this.deaths,
      isComplete,
      preemptions,
      sharedWords: this.execution.shared.count(),
      milliseconds: performance.now() - this.started,
    };
  }
}

async function begin(model: Model, mutant?: Mutant): Promise<Search> {
  return new Search(model, mutant, await modelModule(mutant));
}

/** True when everything up to the bound was seen. A word that turns out to be shared makes it begin again. */
function searchTo(bound: number, search: Search, limit: number): boolean {
  const strategy = new DepthFirst(bound);
  const before = [search.schedules, search.redundant] as const;
  for (let runs = 0; runs < limit; runs++) {
    search.run(strategy);
    if (search.execution.shared.hasGrown) {
      search.execution.shared.hasGrown = false;
      strategy.restart();
      [search.schedules, search.redundant] = before;
    } else if (!strategy.next()) return true;
  }
  return false;
}

/** Bounds from none upwards, so that the failure found first has the fewest preemptions; the last one's runs are counted. */
function searchUpTo(most: number, search: Search, limit: number): boolean {
  const before = [search.schedules, search.redundant] as const;
  const isBounded = most !== Number.POSITIVE_INFINITY;
  for (let bound = 0; isBounded && bound < most; bound++) {
    searchTo(bound, search, limit);
    [search.schedules, search.redundant] = before;
  }
  return searchTo(most, search, limit);
}

/** The same for each place at which the thread that may die can do so, and for the case that it lives. */
function searchDeaths(most: number, search: Search, limit: number): boolean {
  const { execution } = search;
  let isComplete = searchUpTo(most, search, limit);
  for (let death = 0; isComplete && death < execution.mostEvents; death++) {
    execution.death = death;
    execution.hasDied = false;
    isComplete = searchUpTo(most, search, limit);
    if (execution.hasDied) search.deaths++;
  }
  return isComplete;
}

/** Depth-first. Throws ModelFailure. */
export async function searchAll(model: Model, options: SearchOptions = {}): Promise<Report> {
  const search = await begin(model, options.mutant);
  const limit = options.limit ?? model.limit ?? DEFAULT_LIMIT;
  const most = options.preemptions ?? model.preemptions ?? Number.POSITIVE_INFINITY;
  const searched = model.dies === undefined ? searchUpTo : searchDeaths;
  return search.report(searched(most, search, limit), most);
}

async function sample(
  model: Model,
  mutant: Mutant | undefined,
  seed: number,
  runs: number,
  strategy: Strategy,
): Promise<Report> {
  const search = await begin(model, mutant);
  const { execution } = search;
  const dice = new Dice(seed);
  while (search.schedules < runs) {
    search.run(strategy);
    // Of the thread that may die: anywhere within the longest run so far.
    if (model.dies !== undefined) execution.death = dice.below(execution.mostEvents + 1);
  }
  return search.report(false, Number.POSITIVE_INFINITY);
}

export function searchAtRandom(
  model: Model,
  seed: number,
  runs: number,
  mutant?: Mutant,
): Promise<Report> {
  return sample(model, mutant, seed, runs, new RandomWalk(seed));
}

/** PCT: `depth` is how many orderings the bug needs. */
export function searchByPriorities(
  model: Model,
  seed: number,
  runs: number,
  depth: number,
  mutant?: Mutant,
): Promise<Report> {
  const strategy = new Priorities(seed, model.threads.length, depth);
  return sample(model, mutant, seed, runs, strategy);
}

/** The schedule that the environment asks for, if it is one of this model. */
export function askedSchedule(what: string): string | undefined {
  const asked = process.env[VARIABLE];
  return asked?.startsWith(`${what}:`) === true ? asked.slice(what.length + 1) : undefined;
}

/** Runs one schedule and returns what happened. Throws ModelFailure. */
export async function replayLine(model: Model, line: string, mutant?: Mutant): Promise<string> {
  const search = await begin(model, mutant);
  const { failure, trace } = replay(search.execution, model, search.what, parseSchedule(line), 1);
  if (failure !== undefined) throw failure;
  return trace;
}
