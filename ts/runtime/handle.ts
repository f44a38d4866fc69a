// A reference to a runtime.

import { EnterGuard, tryCurrentScheduler } from "./entered.js";
import { NoRuntimeError } from "./errors.js";
import type { RuntimeMetrics } from "./metrics.js";
import type { TaskDump } from "./reports.js";
import type { Flavor, Scheduler } from "./scheduler/scheduler.js";
import {
  type BlockOnFunction,
  blockingSpawnerFor,
  type SpawnBlockingFunction,
  type SpawnFunction,
  spawnerFor,
  startTask,
} from "./spawning.js";
import { UNHOOKED } from "./task/cell.js";

/**
 * Spawns onto a runtime and looks into it, from wherever. Keeps the runtime's structures alive, not its tasks running.
 *
 * A handle of a multi_thread runtime is `Send`: a task that gets one as an argument, on whatever runtime's thread, spawns
 * sendable functions onto it and awaits their values. What crosses then must be what can be bytes, of at most a megabyte.
 */
export class Handle {
  declare readonly "~send": true;
  /** @internal Which runtime it is. */
  readonly scheduler: Scheduler;

  /** Spawns a task on this runtime. @throws {ShutdownError} once it is shut down. */
  readonly spawn: SpawnFunction;

  /** Runs a sendable function on the blocking pool of this runtime; as the function `spawnBlocking`. */
  readonly spawnBlocking: SpawnBlockingFunction;

  /** @internal */
  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.spawn = spawnerFor(scheduler);
    this.spawnBlocking = blockingSpawnerFor(scheduler);
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

  /**
   * Runs a main future and blocks this thread until its value is there: as `Runtime.blockOn`, for a thread of the blocking pool
   * and for code inside `blockInPlace`.
   *
   * @throws {NestedRuntimeError} inside a task. @throws {CannotBlockError} where the host forbids blocking.
   */
  readonly blockOn: BlockOnFunction = ((program: unknown, ...args: unknown[]) => {
    const scheduler = this.scheduler.forBlocking();
    scheduler.assertMayBlock("Handle.blockOn");
    return scheduler.blockOn(startTask(scheduler, "blockOn", program, args, UNHOOKED));
  }) as BlockOnFunction;

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
