// A runtime: a scheduler with its clock, its drivers and its end.

import { type Duration, toMillis } from "../future/duration.js";
import type { EnterGuard } from "./entered.js";
import { Handle } from "./handle.js";
import type { RuntimeMetrics } from "./metrics.js";
import type { TaskDump } from "./reports.js";
import type { RuntimeScheduler, TickReport } from "./scheduler/thread.js";
import {
  type BlockOnFunction,
  blockingSpawnerFor,
  type RunFunction,
  type SpawnBlockingFunction,
  type SpawnFunction,
  spawnerFor,
  startTask,
} from "./spawning.js";
import { UNHOOKED } from "./task/cell.js";

/** What a shutdown left behind. */
export interface ShutdownReport {
  /**
   * What had not come to its end: async functions of this thread, which go on unobserved, and tasks that other threads were
   * still polling, whose threads were terminated.
   */
  readonly stuck: readonly TaskDump[];
}

/**
 * A runtime. Made by `Builder`; several may live side by side.
 *
 * A current_thread runtime makes progress only while somebody drives it: `run`, `blockOn`, `tick`, or an `await` of one of
 * its handles. In between its tasks stand still. Those of a multi_thread runtime go on: sendable ones on the workers, others
 * whenever their thread's event loop is free.
 */
export class Runtime implements AsyncDisposable {
  private readonly scheduler: RuntimeScheduler;

  /** Spawns a task. It starts when the runtime is next driven. @throws {ShutdownError} once the runtime is shut down. */
  readonly spawn: SpawnFunction;

  /** Runs a sendable function on the blocking pool of this runtime; as the function `spawnBlocking`. */
  readonly spawnBlocking: SpawnBlockingFunction;

  /**
   * Runs a main future on this thread's event loop.
   *
   * @returns a promise of its value, which rejects with what the main future throws. Tasks that it leaves behind stand
   *   still until the runtime is driven again.
   * @throws {ShutdownError} (rejects) when the runtime is shut down meanwhile.
   * @throws {DeadlockError} (rejects) when nothing is left that could wake anything: at once on a runtime with a seed or a clock
   *   that started paused, unless it was built with `allowOutsideWakes()`; on others when the process would end.
   * @throws {UnhandledPanicError} (rejects) when a task panicked and `unhandledPanic` is `"shutdownRuntime"`.
   */
  readonly run: RunFunction = (async (program: unknown, ...args: unknown[]) =>
    this.scheduler.run(startTask(this.scheduler, "run", program, args, UNHOOKED))) as RunFunction;

  /**
   * Runs a main future and blocks this thread until its value is there. Timers, channels and tasks go on; this thread's
   * event loop does not, so polling a socket or a promise throws {@link BlockedLoopError}.
   *
   * @throws {NestedRuntimeError} inside a task.
   * @throws {CannotBlockError} where the host forbids blocking: a browser's main thread.
   * @throws {DeadlockError} when nothing is left that could wake anything. With threads it waits as long as one of them might:
   *   it runs a task, or this thread has a handle of a shared primitive, or another has one of the runtime.
   */
  readonly blockOn: BlockOnFunction = ((program: unknown, ...args: unknown[]) => {
    this.scheduler.assertMayBlock("blockOn");
    return this.scheduler.blockOn(startTask(this.scheduler, "blockOn", program, args, UNHOOKED));
  }) as BlockOnFunction;

  /** @internal */
  constructor(scheduler: RuntimeScheduler) {
    this.scheduler = scheduler;
    this.spawn = spawnerFor(scheduler);
    this.spawnBlocking = blockingSpawnerFor(scheduler);
  }

  /** A handle to this runtime. */
  handle(): Handle {
    return new Handle(this.scheduler);
  }

  /** Makes this runtime the current one until the guard is disposed: `using _entered = runtime.enter()`. */
  enter(): EnterGuard {
    return this.handle().enter();
  }

  /**
   * One bounded turn, for a loop of your own: fires the timers that are due and polls at most `eventInterval` tasks.
   *
   * @throws {NestedRuntimeError} inside a task. @throws {ShutdownError} once the runtime is shut down.
   */
  tick(): TickReport {
    return this.scheduler.tick();
  }

  metrics(): RuntimeMetrics {
    return this.scheduler.metrics();
  }

  /**
   * Ends a thread wherever it is, for one that is stuck in a loop without an end: its tasks fail with a JoinError that
   * `isWorkerLost`, and another thread takes its place. Shared primitives stay whole: one that is in the middle of a step finishes that
   * first.
   *
   * @param worker the number of the thread, as in the metrics and hooks.
   * @returns whether there is such a thread.
   */
  terminateWorker(worker: number): boolean {
    return this.scheduler.terminateWorker(worker);
  }

  /** Every task that has not ended, by id: what is pending, and since how many polls. */
  dump(): TaskDump[] {
    return this.scheduler.dump();
  }

  /** The trace so far, a line an event, when the runtime was built with `trace()`; else empty. */
  traceText(): string {
    return this.scheduler.traceText();
  }

  /**
   * Drops every task and waits, without limit, until async functions under way have come to their end, calls of the blocking
   * pool have returned, and all threads have ended.
   */
  async shutdown(): Promise<ShutdownReport> {
    this.scheduler.close();
    return { stuck: await this.scheduler.settled(undefined) };
  }

  /**
   * Like {@link shutdown}, but waits at most `limit`.
   *
   * @param limit milliseconds, or a duration.
   * @returns the async functions that had not ended by then.
   */
  async shutdownTimeout(limit: Duration): Promise<ShutdownReport> {
    const limitMs = toMillis(limit, "shutdownTimeout(limit)");
    this.scheduler.close();
    return { stuck: await this.scheduler.settled(limitMs) };
  }

  /** Drops every task and waits for nothing. The one to use inside a task. */
  shutdownBackground(): void {
    this.scheduler.close();
  }

  /** `await using runtime = …`: {@link shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
