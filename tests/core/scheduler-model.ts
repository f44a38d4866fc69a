// A naive scheduler (arrays for the queue, the deferred list and the free slots) and a harness that runs it and the core's
// side by side: after every operation both must agree.

import {
  type Build,
  CANCELLED,
  COMPLETE,
  COMPLETED,
  type CoreExports,
  Dice,
  DRIVER,
  DROP_FLAG,
  EMPTY,
  loadCore,
  PENDING,
  RUNNING,
  SCHEDULED,
  type Settings,
  YIELDED,
} from "../support/core.js";

/** Tokio's MAX_LIFO_POLLS_PER_TICK. */
const MAX_LIFO_RUN = 3;
const NOBODY = -1;

interface Task {
  readonly slot: number;
  generation: number;
  /** 0 while the slot is free: the word is then COMPLETE. */
  state: number;
  polls: number;
}

interface Timer {
  readonly deadline: number;
  readonly slot: number;
  readonly generation: number;
}

function fail(what: string, core: unknown, model: unknown): never {
  throw new Error(`${what}: the core says ${String(core)}, the model ${String(model)}`);
}

/** The core's scheduler and the model, driven together. Every method throws when they differ. */
export class Schedulers {
  readonly core: CoreExports;
  private readonly settings: Required<Settings>;
  private readonly tasks: Task[] = [];
  private readonly free: number[] = [];
  private readonly queue: number[] = [];
  private readonly deferred: number[] = [];
  private readonly timers: Timer[] = [];
  private lifo = NOBODY;
  private lifoRun = 0;
  private current = NOBODY;
  private pollCount = 0;
  private driverAt: number;
  private elapsed = 0;
  private lastGeneration = 0;
  private lastKey = 0;
  operations = 0;

  constructor(build: Build, settings: Required<Settings>) {
    this.settings = settings;
    this.driverAt = settings.eventInterval;
    this.core = loadCore(build, settings).core;
  }

  get alive(): number {
    return this.tasks.length - this.free.length;
  }

  get slots(): number {
    return this.tasks.length;
  }

  get polling(): boolean {
    return this.current !== NOBODY;
  }

  /** A generation that the slot has had: its present one, or one that is stale. */
  generationOf(slot: number, age: number): number {
    const generation = this.tasks[slot]?.generation ?? 0;
    return Math.max(1, generation - age);
  }

  spawn(): void {
    this.lastGeneration += 1;
    const slot = this.core.spawn(this.lastGeneration);
    const expected = this.newSlot();
    if (slot !== expected) fail("spawn", slot, expected);
    if (expected >= 0) {
      this.tasks[slot] = { slot, generation: this.lastGeneration, state: SCHEDULED, polls: 0 };
      this.queue.push(slot);
    }
    this.check(slot);
  }

  private newSlot(): number {
    const reused = this.free.pop();
    if (reused !== undefined) return reused;
    return this.tasks.length < this.settings.taskLimit ? this.tasks.length : -1;
  }

  wake(slot: number, generation: number): void {
    this.core.wakeTask(slot, generation);
    this.modelWake(slot, generation);
    this.check(slot);
  }

  private modelWake(slot: number, generation: number): void {
    const task = this.tasks[slot];
    if (task === undefined || task.state === COMPLETE || task.generation !== generation) return;
    if ((task.state & SCHEDULED) !== 0) return;
    task.state |= SCHEDULED;
    if ((task.state & RUNNING) !== 0) return;
    if (!this.settings.lifo) {
      this.queue.push(slot);
      return;
    }
    if (this.lifo !== NOBODY) this.queue.push(this.lifo);
    this.lifo = slot;
  }

  cancel(slot: number, generation: number): void {
    this.core.cancelTask(slot, generation);
    const task = this.tasks[slot];
    if (task !== undefined && task.state !== COMPLETE && task.generation === generation)
      this.modelCancel(task);
    this.check(slot);
  }

  private modelCancel(task: Task): void {
    if ((task.state & CANCELLED) !== 0) return;
    const idle = (task.state & (SCHEDULED | RUNNING)) === 0;
    task.state |= CANCELLED;
    if (!idle) return;
    task.state |= SCHEDULED;
    this.queue.push(task.slot);
  }

  interrupt(): void {
    this.core.interrupt();
    this.driverAt = this.pollCount;
    this.check(0);
  }

  next(outcome: number): number {
    const last = this.current;
    const answer = this.core.next(outcome);
    if (last !== NOBODY) this.finish(this.tasks[last] as Task, outcome);
    const expected = this.take();
    if (answer !== expected) fail("next", answer, expected);
    this.check(last === NOBODY ? 0 : last);
    return answer;
  }

  private finish(task: Task, outcome: number): void {
    this.current = NOBODY;
    const cancelled = task.state & CANCELLED;
    if (outcome === COMPLETED) {
      task.state = COMPLETE;
      this.free.push(task.slot);
    } else if (outcome === YIELDED) {
      task.state = cancelled | SCHEDULED;
      this.deferred.push(task.slot);
    } else if ((task.state & (SCHEDULED | CANCELLED)) !== 0) {
      task.state = cancelled | SCHEDULED;
      this.queue.push(task.slot);
    } else task.state = 0;
  }

  private take(): number {
    if (this.pollCount === this.driverAt) return DRIVER;
    const slot = this.pop();
    if (slot === NOBODY) return this.deferred.length > 0 ? DRIVER : EMPTY;
    const task = this.tasks[slot] as Task;
    this.pollCount += 1;
    this.current = slot;
    const dropped = (task.state & CANCELLED) !== 0;
    task.state = (task.state & CANCELLED) | RUNNING;
    if (dropped) return slot | DROP_FLAG;
    task.polls += 1;
    return slot;
  }

  private pop(): number {
    if (this.lifo !== NOBODY) {
      const slot = this.lifo;
      this.lifo = NOBODY;
      if (this.lifoRun < MAX_LIFO_RUN) {
        this.lifoRun += 1;
        return slot;
      }
      this.queue.push(slot);
    }
    const slot = this.queue.shift() ?? NOBODY;
    if (slot !== NOBODY) this.lifoRun = 0;
    return slot;
  }

  /** A timer for the task in `slot`, or for one that was there before. */
  insertTimer(distance: number, slot: number, generation: number): void {
    if (this.timers.length === this.settings.timerLimit) return;
    this.lastKey += 1;
    const deadline = this.elapsed + distance;
    if (this.core.insertTimer(deadline, slot, generation, this.lastKey) < 0)
      fail("insertTimer", -1, "an entry");
    this.timers.push({ deadline, slot, generation });
    this.check(slot);
  }

  driver(distance: number): void {
    this.elapsed += distance;
    const fired = this.core.driver(this.elapsed);
    // A stable sort: equal deadlines stay in the order of registration.
    const due = this.timers.filter((timer) => timer.deadline <= this.elapsed);
    due.sort((a, b) => a.deadline - b.deadline);
    if (fired !== due.length) fail("timers fired", fired, due.length);
    for (const timer of due) this.timers.splice(this.timers.indexOf(timer), 1);
    for (const timer of due) this.modelWake(timer.slot, timer.generation);
    this.queue.push(...this.deferred.splice(0));
    this.driverAt = this.pollCount + this.settings.eventInterval;
    this.check(due[0]?.slot ?? 0);
  }

  private check(slot: number): void {
    this.operations += 1;
    this.checkTask(slot);
    const runnable = this.queue.length + (this.lifo === NOBODY ? 0 : 1);
    const { core } = this;
    if (core.queueLength() !== runnable) fail("queueLength", core.queueLength(), runnable);
    const ready = runnable + this.deferred.length > 0 ? 1 : 0;
    if (core.ready() !== ready) fail("ready", core.ready(), ready);
    if (core.aliveTasks() !== this.alive) fail("aliveTasks", core.aliveTasks(), this.alive);
    if (core.taskSlots() !== this.slots) fail("taskSlots", core.taskSlots(), this.slots);
    if (core.pollCount() !== this.pollCount) fail("pollCount", core.pollCount(), this.pollCount);
    if (core.aliveTimers() !== this.timers.length)
      fail("aliveTimers", core.aliveTimers(), this.timers.length);
  }

  private checkTask(slot: number): void {
    const task = this.tasks[slot];
    if (task === undefined) return;
    const state = this.core.taskState(slot);
    if (state !== task.state) fail(`the state of ${slot}`, state, task.state);
    const polls = this.core.taskPolls(slot);
    if (polls !== task.polls) fail(`the polls of ${slot}`, polls, task.polls);
    const isTask = this.core.isTask(slot, task.generation);
    if (isTask !== (task.state === COMPLETE ? 0 : 1)) fail("isTask", isTask, task.state);
  }

  checkAll(): void {
    for (const task of this.tasks) this.checkTask(task.slot);
  }
}

const OUTCOMES = [PENDING, PENDING, PENDING, YIELDED, COMPLETED];

/** A task that was handed out to be dropped has ended. */
function outcomeOf(answer: number, dice: Dice): number {
  return answer >= 0 && (answer & DROP_FLAG) !== 0 ? COMPLETED : dice.oneOf(OUTCOMES);
}

export interface Profile {
  readonly name: string;
  readonly settings: Required<Settings>;
}

export const PROFILES: readonly Profile[] = [
  {
    name: "few tasks, at the limit",
    settings: { taskLimit: 5, timerLimit: 8, eventInterval: 7, lifo: false },
  },
  {
    name: "a lifo slot",
    settings: { taskLimit: 24, timerLimit: 8, eventInterval: 61, lifo: true },
  },
  {
    name: "a driver turn after every poll",
    settings: { taskLimit: 16, timerLimit: 16, eventInterval: 1, lifo: true },
  },
  {
    name: "several pages of tasks",
    settings: { taskLimit: 2500, timerLimit: 64, eventInterval: 61, lifo: false },
  },
];

/** Runs `steps` random operations; the error of a failing one names the step. */
export function fuzzScheduler(build: Build, profile: Profile, seed: number, steps: number): number {
  const both = new Schedulers(build, profile.settings);
  const dice = new Dice(seed);
  let answer = EMPTY;
  const randomStep = (): void => {
    const slot = dice.below(both.slots + 1);
    const generation = both.generationOf(slot, dice.below(4) === 0 ? 1 + dice.below(3) : 0);
    const kind = dice.below(100);
    if (kind < 20) both.spawn();
    else if (kind < 60) answer = both.next(outcomeOf(answer, dice));
    else if (kind < 80) both.wake(slot % Math.max(both.slots, 1), generation);
    else if (kind < 85) both.cancel(slot % Math.max(both.slots, 1), generation);
    else if (kind < 90)
      both.insertTimer(dice.below(100), slot % Math.max(both.slots, 1), generation);
    else if (kind < 92) both.interrupt();
    // Between polls only, as the protocol has it.
    else if (!both.polling) both.driver(dice.below(30));
  };
  both.spawn();
  for (let step = 0; step < steps; step++) {
    try {
      randomStep();
    } catch (error) {
      throw new Error(`step ${step}: ${String(error)}`, { cause: error });
    }
  }
  both.checkAll();
  return both.operations;
}
