// A reference to a runtime.

import { EnterGuard, tryCurrentScheduler } from "./entered.js";
import { NoRuntimeError } from "./errors.js";
import type { RuntimeMetrics } from "./metrics.js";
import type { TaskDump } from "./reports.js";
import type { Flavor, Scheduler } from "./scheduler/scheduler.js";
import { type SpawnFunction, spawnerFor } from "./spawning.js";

/** Spawns onto a runtime and looks into it, from wherever. Keeps the runtime's structures alive, not its tasks running. */
export class Handle {
  private readonly scheduler: Scheduler;

  /** Spawns a task on this runtime. @throws {ShutdownError} once it is shut down. */
  readonly spawn: SpawnFunction;

  /** @internal */
  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.spawn = spawnerFor(scheduler);
  }

  /** The handle of the runtime that this code runs in. @throws {NoRuntimeError} outside of every runtime. */
  static current(): Handle {
    const handle = Handle.tryCurrent();
    if (handle === undefined) throw new NoRuntimeError("Handle.current()");
    return handle;
  }

  /** The handle of the runtime that this code runs in, or undefined. */
  static tryCurrent(): Handle | undefined {
    const scheduler = tryCurrentScheduler();
    return scheduler === undefined ? undefined : new Handle(scheduler);
  }

  /** Makes this runtime the current one until the guard is disposed: `using _entered = handle.enter()`. */
  enter(): EnterGuard {
    return new EnterGuard(this.scheduler);
  }

  get flavor(): Flavor {
    return this.scheduler.flavor;
  }

  get name(): string | undefined {
    return this.scheduler.options.name;
  }

  metrics(): RuntimeMetrics {
    return this.scheduler.metrics();
  }

  /** Every task that has not ended, by id. */
  dump(): TaskDump[] {
    return this.scheduler.dump();
  }

  /** An integer in [0, bound), repeatable under a seed and independent of what the scheduler and `select` draw. */
  randomBelow(bound: number): number {
    return this.scheduler.randomBelow(bound);
  }
}
