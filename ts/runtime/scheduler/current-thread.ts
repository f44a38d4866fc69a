// The current_thread scheduler: every task on the thread that drives it, in an order that a seed repeats.

import { SendError } from "../../send/errors.js";
import type { SendableInfo } from "../../send/sendable.js";
import { isSharingInUse, type SharedHome } from "../../sync/shared/index.js";
import { createCore } from "../core/binding.js";
import { CannotBlockInPlaceError, DeadlockError } from "../errors.js";
import { RuntimeMetrics } from "../metrics.js";
import type { RuntimeOptions } from "../options.js";
import type { TaskDump } from "../reports.js";
import { startFunction } from "../starting.js";
import type { TaskCell, TaskDetails } from "../task/cell.js";
import { TraceLog } from "../trace.js";
import type { BlockingPool } from "./blocking-pool.js";
import { serveOthers } from "./multi-thread/attached.js";
import type { SentArguments } from "./multi-thread/shared-memory.js";
import type { Flavor } from "./scheduler.js";
import { ThreadScheduler } from "./thread.js";
import { advanceToNextTimer } from "./turns.js";

/** How long to block between two looks at what other runtimes of this thread have for it. */
const OTHERS_MS = 0.2;

export class CurrentThread extends ThreadScheduler {
  readonly flavor: Flavor = "current_thread";
  readonly alwaysServed = false;
  private readonly trace: TraceLog | undefined;
  private readonly makePool: (options: RuntimeOptions) => BlockingPool;
  private pool: BlockingPool | undefined;
  private lastId = 0;

  /** @param makePool makes the threads for `spawnBlocking`, when the first of them is asked for. */
  constructor(options: RuntimeOptions, makePool: (options: RuntimeOptions) => BlockingPool) {
    super(options, createCore());
    this.makePool = makePool;
    this.trace = options.trace ? new TraceLog(this.wasm) : undefined;
  }

  protected override newId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  protected override forgetId(): void {
    this.lastId -= 1;
  }

  /** Here a sendable function is a function like any other; only what may block goes to other threads. */
  override spawnSendable(
    info: SendableInfo,
    args: readonly unknown[],
    blocking: boolean,
    details?: TaskDetails,
  ): TaskCell<unknown> {
    if (!blocking) return this.startHere(info, args, details);
    if (this.closed) this.idForSpawn();
    this.pool ??= this.makePool(this.options);
    return this.pool.spawnBlocking(info, args, details);
  }

  /**
   * Handles of shared primitives are what the function would get on another thread: handles of its own, of which ends of channels
   * close with the task. Everything else it gets as it is.
   */
  private startHere(
    info: SendableInfo,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<unknown> {
    const sent = isSharingInUse() ? this.asSent(args) : undefined;
    if (sent === undefined) return startFunction(this, info.fn, args, details);
    const release = (): void => {
      const returned = cell.hasOutput() && !cell.isPanicked() ? cell.take() : undefined;
      for (const end of sent.ends) if (!contains(returned, end)) end[Symbol.dispose]();
      details?.release?.();
    };
    const cell = startFunction(this, info.fn, sent.args, { ...details, release });
    return cell;
  }

  private asSent(args: readonly unknown[]): SentArguments | undefined {
    if (this.closed || args.every(isPlain)) return undefined;
    this.pool ??= this.makePool(this.options);
    try {
      return this.pool.asSent(args);
    } catch (error) {
      // What cannot be sent is no fault here, where nothing is.
      if (error instanceof SendError) return undefined;
      throw error;
    }
  }

  override blockInPlace(): never {
    throw new CannotBlockInPlaceError();
  }

  /** Where the shared primitives of this runtime are: in a memory beside its own. */
  override sharedMemory(): SharedHome {
    this.pool ??= this.makePool(this.options);
    return this.pool.sharedMemory();
  }

  protected override afterDriver(): void {
    this.trace?.drain();
  }

  override isHostBusy(): boolean {
    return super.isHostBusy() || this.pool?.isBusy() === true;
  }

  /**
   * No other thread has a waker of this runtime, so without a timer, a blocking call or a task on another runtime of this thread
   * nobody could ever end the wait.
   */
  override blockUntilWoken(): void {
    const tick = this.core.nextExpiryBound();
    const owed = serveOthers(undefined);
    const stuck = tick < 0 && !owed && !this.core.ready();
    if (stuck && !this.askTasks()) throw new DeadlockError(this.waitingTasks());
    if (this.core.ready()) return;
    if (owed) this.host.park(OTHERS_MS);
    else if (this.clock.isPaused()) advanceToNextTimer(this);
    else this.host.park(Math.max(0, this.clock.timeOf(tick) - this.clock.now()));
  }

  override close(): void {
    super.close();
    this.pool?.close();
  }

  override async settled(limitMs: number | undefined): Promise<TaskDump[]> {
    const pool = this.pool?.ended(limitMs) ?? Promise.resolve([]);
    const [own, calls] = await Promise.all([super.settled(limitMs), pool]);
    return [...own, ...calls];
  }

  override hasOtherThreads(): boolean {
    return this.pool?.isBusy() === true;
  }

  /** Tokio's rule: while a blocking call is under way time does not move by itself. */
  override holdsClock(): boolean {
    return this.pool?.isBusy() === true;
  }

  override metrics(): RuntimeMetrics {
    return new RuntimeMetrics({
      numWorkers: () => 1,
      numAliveTasks: () => this.core.aliveTasks(),
      spawnedTasks: () => this.lastId,
      queueDepth: () => this.core.queueLength(),
      polls: () => this.core.pollCount() >>> 0,
      parks: () => this.parkCount,
      aliveTimers: () => this.core.aliveTimers(),
      ioHandles: () => this.io.size,
      memoryBytes: () => this.wasm.memory.buffer.byteLength,
      blockingThreads: () => this.pool?.metrics().numBlockingThreads() ?? 0,
      idleBlockingThreads: () => this.pool?.metrics().numIdleBlockingThreads() ?? 0,
      blockingQueueDepth: () => this.pool?.metrics().blockingQueueDepth() ?? 0,
      lostWorkers: () => this.pool?.metrics().lostWorkersCount() ?? 0,
    });
  }

  override traceText(): string {
    return this.trace?.text() ?? "";
  }
}

/** Whether a result is, or has in it, something that would have travelled with it. */
function contains(result: unknown, end: unknown): boolean {
  if (result === end) return true;
  if (typeof result !== "object" || result === null || ArrayBuffer.isView(result)) return false;
  return Object.values(result).includes(end);
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}
