// A naive timer wheel, and a harness that runs it and the core's side by side: after every operation both must agree.

import {
  type Build,
  type CoreExports,
  Dice,
  EMPTY,
  FOREIGN,
  loadCore,
  PENDING,
} from "../support/core.js";

interface Timer {
  readonly deadline: number;
  readonly order: number;
  readonly entry: number;
  readonly key: number;
  task: number;
  generation: number;
}

interface Registration {
  readonly entry: number;
  readonly key: number;
}

/** Idle tasks for timers to wake; their slots are 0 … TASKS - 1. */
const TASKS = 16;
const STALE_KEPT = 64;

function fail(what: string, core: unknown, model: unknown): never {
  throw new Error(`${what}: the core says ${String(core)}, the model ${String(model)}`);
}

function same(what: string, core: readonly number[], model: readonly number[]): void {
  if (core.length !== model.length || core.some((value, index) => value !== model[index]))
    fail(what, core.join(), model.join());
}

/** The core's wheel and the model, driven together. Every method throws when they differ. */
export class Wheels {
  readonly core: CoreExports;
  private readonly limit: number;
  /** Sorted by (deadline, order): the order in which they must fire. */
  private readonly timers: Timer[] = [];
  private readonly stale: Registration[] = [];
  private elapsed = 0;
  private lastKey = 0;
  private lastOrder = 0;
  operations = 0;

  constructor(build: Build, limit: number) {
    this.limit = limit;
    this.core = loadCore(build, { timerLimit: limit, eventInterval: 2 ** 30 }).core;
    for (let task = 0; task < TASKS; task++) this.core.spawn(task + 1);
    this.woken();
  }

  get pending(): number {
    return this.timers.length;
  }

  now(): number {
    return this.elapsed;
  }

  /** The deadline of the timer at `index` of the firing order. */
  deadlineAt(index: number): number | undefined {
    return this.timers[index]?.deadline;
  }

  insert(deadline: number, task: number): void {
    this.lastKey += 1;
    const generation = task === FOREIGN ? 0 : task + 1;
    const entry = this.core.insertTimer(deadline, task, generation, this.lastKey);
    const expected = this.timers.length === this.limit ? -1 : 0;
    if (Math.min(entry, 0) !== expected || entry >= this.limit) fail("insert", entry, expected);
    if (entry >= 0) this.register(deadline, entry, task, generation);
    this.check();
  }

  private register(deadline: number, entry: number, task: number, generation: number): void {
    this.lastOrder += 1;
    this.place({
      deadline: Math.max(deadline, this.elapsed),
      order: this.lastOrder,
      entry,
      key: this.lastKey,
      task,
      generation,
    });
  }

  private place(timer: Timer): void {
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // Equal deadlines: the later registration stands behind.
      if ((this.timers[middle] as Timer).deadline <= timer.deadline) low = middle + 1;
      else high = middle;
    }
    this.timers.splice(low, 0, timer);
  }

  cancel(index: number): void {
    const [timer] = this.timers.splice(index, 1);
    if (timer === undefined) return;
    if (this.core.isTimerPending(timer.entry, timer.key) !== 1) fail("isTimerPending", 0, 1);
    this.core.cancelTimer(timer.entry, timer.key);
    this.retire(timer);
    this.check();
  }

  /** @param known whether the generation is that of a task that is alive. */
  retarget(index: number, task: number, known: boolean): void {
    const timer = this.timers[index];
    if (timer === undefined) return;
    timer.task = task;
    timer.generation = task === FOREIGN ? 0 : known ? task + 1 : 99_999;
    this.core.retargetTimer(timer.entry, timer.key, timer.task, timer.generation);
    this.check();
  }

  /** What outlived its registration does nothing. */
  useStale(index: number): void {
    const old = this.stale[index % Math.max(this.stale.length, 1)];
    if (old === undefined) return;
    if (this.core.isTimerPending(old.entry, old.key) !== 0) fail("a stale isTimerPending", 1, 0);
    this.core.cancelTimer(old.entry, old.key);
    this.core.retargetTimer(old.entry, old.key, 0, 1);
    this.check();
  }

  advance(now: number): void {
    const fired = this.core.driver(now);
    let due = 0;
    while (due < this.timers.length && (this.timers[due] as Timer).deadline <= now) due += 1;
    const expected = this.timers.splice(0, due);
    this.elapsed = Math.max(this.elapsed, now);
    if (fired !== expected.length) fail(`fired by ${now}`, fired, expected.length);
    const foreign = expected.filter((timer) => timer.task === FOREIGN);
    same(
      "foreign keys",
      this.foreignFired(),
      foreign.map((timer) => timer.key),
    );
    same("woken tasks", this.woken(), tasksOf(expected));
    for (const timer of expected) this.retire(timer);
    this.check();
  }

  private retire(timer: Registration): void {
    if (this.core.isTimerPending(timer.entry, timer.key) !== 0) fail("isTimerPending", 1, 0);
    if (this.stale.length < STALE_KEPT) this.stale.push(timer);
    else this.stale[timer.key % STALE_KEPT] = timer;
  }

  /** The core hands them out last fired first. */
  private foreignFired(): number[] {
    const keys: number[] = [];
    for (let key = this.core.takeForeignFired(); key !== 0; key = this.core.takeForeignFired())
      keys.push(key);
    return keys.reverse();
  }

  private woken(): number[] {
    const tasks: number[] = [];
    for (let slot = this.core.next(PENDING); slot !== EMPTY; slot = this.core.next(PENDING))
      tasks.push(slot);
    return tasks;
  }

  private check(): void {
    this.operations += 1;
    const expected = this.timers[0]?.deadline ?? -1;
    const exact = this.core.nextExpiry();
    if (exact !== expected) fail("nextExpiry", exact, expected);
    const bound = this.core.nextExpiryBound();
    if (bound > exact) fail("nextExpiryBound, which is too late", bound, exact);
    if (exact < 0 ? bound !== -1 : bound < this.elapsed)
      fail("nextExpiryBound", bound, `${this.elapsed} to ${exact}`);
    // Or a host timer set for the bound would ring for ever.
    if (exact > this.elapsed && bound <= this.elapsed)
      fail("nextExpiryBound, which is no progress", bound, exact);
    const alive = this.core.aliveTimers();
    if (alive !== this.timers.length) fail("aliveTimers", alive, this.timers.length);
  }
}

/** A task that was woken already is not queued again; a stale generation wakes nobody. */
function tasksOf(timers: readonly Timer[]): number[] {
  const known = timers.filter(
    ({ task, generation }) => task !== FOREIGN && generation === task + 1,
  );
  return [...new Set(known.map((timer) => timer.task))];
}

export interface Profile {
  readonly name: string;
  /** Most timers alive. */
  readonly limit: number;
  /** Deadlines lie up to 2^spanBits ticks ahead. */
  readonly spanBits: number;
}

export const PROFILES: readonly Profile[] = [
  { name: "near", limit: 64, spanBits: 12 },
  { name: "all levels", limit: 300, spanBits: 36 },
  { name: "beyond the span", limit: 40, spanBits: 39 },
  { name: "crowded", limit: 3000, spanBits: 20 },
];

function randomTask(dice: Dice): number {
  return dice.below(2) === 0 ? FOREIGN : dice.below(TASKS);
}

/** A distance whose magnitude is uniform, not its value: every level of the wheel is as likely. */
function randomDistance(dice: Dice, bits: number): number {
  const magnitude = 2 ** dice.below(bits + 1);
  return dice.below(4) === 0 ? magnitude : Math.floor(dice.below(magnitude * 2));
}

function randomDeadline(wheels: Wheels, dice: Dice, bits: number): number {
  const tied = dice.below(4) === 0 ? wheels.deadlineAt(dice.below(wheels.pending + 1)) : undefined;
  if (tied !== undefined) return tied;
  // Now and then one that has passed.
  if (dice.below(32) === 0) return Math.max(0, wheels.now() - dice.below(1000));
  return wheels.now() + randomDistance(dice, bits);
}

function randomAdvance(wheels: Wheels, dice: Dice, bits: number): number {
  const kind = dice.below(8);
  if (kind === 0) return Math.max(0, wheels.now() - dice.below(100));
  if (kind <= 3) return Math.max(wheels.now(), wheels.core.nextExpiry());
  if (kind === 4) return Math.max(wheels.now(), wheels.core.nextExpiryBound());
  if (kind === 5) return wheels.deadlineAt(dice.below(wheels.pending + 1)) ?? wheels.now() + 1;
  return wheels.now() + randomDistance(dice, dice.below(bits));
}

function randomStep(wheels: Wheels, dice: Dice, profile: Profile): void {
  const kind = dice.below(100);
  if (kind < 50) wheels.insert(randomDeadline(wheels, dice, profile.spanBits), randomTask(dice));
  else if (kind < 68) wheels.cancel(dice.below(wheels.pending + 1));
  else if (kind < 76)
    wheels.retarget(dice.below(wheels.pending + 1), randomTask(dice), dice.below(8) > 0);
  else if (kind < 82) wheels.useStale(dice.below(STALE_KEPT));
  else wheels.advance(randomAdvance(wheels, dice, profile.spanBits));
}

/** Runs `steps` random operations; the error of a failing one names the step. */
export function fuzzWheel(build: Build, profile: Profile, seed: number, steps: number): number {
  const wheels = new Wheels(build, profile.limit);
  const dice = new Dice(seed);
  for (let step = 0; step < steps; step++) {
    try {
      randomStep(wheels, dice, profile);
    } catch (error) {
      throw new Error(`step ${step} at tick ${wheels.now()}: ${String(error)}`, { cause: error });
    }
  }
  // Nothing is lost: all that are left fire, one deadline after the other.
  while (wheels.pending > 0) wheels.advance(wheels.deadlineAt(0) as number);
  return wheels.operations;
}
