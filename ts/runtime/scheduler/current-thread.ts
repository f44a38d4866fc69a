// The current_thread scheduler: every task on the thread that drives it, in an order that a seed repeats.
//
// The order itself (queue, lifo slot, deferred tasks, timers) is the core's. What is here is when to run and when to stop:
//
// K1  A turn polls tasks until nothing is runnable or the event loop is due; between polls nothing of the host runs.
// K2  The driver has its turn after `eventInterval` polls and whenever nothing is ready: timers fire, yielded tasks return.
// K3  Outside of a turn at most one of these is pending, and only while somebody drives: a turn, or one host timer for the
//     next deadline. All sleeps share it.
// K4  Paused, the clock moves only when nothing is runnable; if promises or I/O are under way the event loop first gets
//     one turn to finish them.
// K5  When turns end must not depend on the real clock in a deterministic run: there they are counted, not timed.

import {
  type Coroutine,
  type Future,
  outstandingPromises,
  replaceBudget,
  replaceContext,
  replaceLoopBlocked,
  replaceRandom,
  TASK_BUDGET,
  UNLIMITED,
} from "../../future/index.js";
import type { Host, HostTimer } from "../../host/types.js";
import { Clock } from "../clock.js";
import {
  type Core,
  type CoreExports,
  createCore,
  DRIVER,
  EMPTY,
  PENDING,
  SLOT_MASK,
  STATE_CANCELLED,
  STATE_RUNNING,
  STATE_SCHEDULED,
  STREAM_SELECT,
  STREAM_USER,
} from "../core/binding.js";
import { EnterGuard, replaceScheduler, tryCurrentScheduler } from "../entered.js";
import {
  CannotBlockError,
  DeadlockError,
  LimitError,
  NestedRuntimeError,
  ShutdownError,
  UnhandledPanicError,
} from "../errors.js";
import { RuntimeMetrics } from "../metrics.js";
import type { RuntimeOptions, TaskMeta } from "../options.js";
import { PanicLog, textOf } from "../panics.js";
import { AsyncCell } from "../task/async-cell.js";
import {
  beginPoll,
  CoroutineCell,
  endPoll,
  FutureCell,
  generationOf,
  replacePollingOwner,
  type TaskCell,
  type TaskDetails,
} from "../task/cell.js";
import { Timers } from "../timers.js";
import { TraceLog } from "../trace.js";
import type { Flavor, Scheduler, TaskDump } from "./scheduler.js";
import { type OpenWait, PromiseWait } from "./waits.js";

/**
 * How long a turn may keep the event loop waiting. A loop turn costs about a microsecond, so a quarter of a millisecond
 * between two of them costs half a percent; I/O waits no longer than that, plus the poll under way.
 */
const TURN_MS = 0.25;

/** The same for deterministic runs, in driver turns (K5). */
const TURN_DRIVES = 256;

/** A clock that is paused in the middle of a turn must not keep that turn from ending. */
const MOST_DRIVES = 65536;

/** How a turn ended. */
type TurnEnd = "busy" | "idle" | "stopped";

/** What a bounded turn of {@link CurrentThread.tick} has left behind. */
export interface TickReport {
  /** Whether tasks are ready to be polled now. */
  readonly ready: boolean;
  /** Milliseconds until the next timer; 0 when one is due, undefined when there is none. */
  readonly nextTimerMs: number | undefined;
  /** Polls of this turn. */
  readonly polls: number;
}

export class CurrentThread implements Scheduler {
  readonly flavor: Flavor = "current_thread";
  readonly options: RuntimeOptions;
  readonly host: Host;
  readonly core: CoreExports;
  readonly clock: Clock;
  readonly timers: Timers;

  private readonly wasm: Core;
  private readonly cells: (TaskCell<unknown> | undefined)[] = [];
  private readonly waits = new Set<OpenWait>();
  private readonly asyncCells = new Set<AsyncCell<unknown>>();
  /** Sockets and listeners that are open. */
  private readonly io = new Set<Disposable>();
  private readonly panics: PanicLog;
  private readonly trace: TraceLog | undefined;
  private readonly deterministic: boolean;
  /** Whether spawning has more to do than the plain path: hooks, or spawn sites. */
  private readonly watched: boolean;

  private lastId = 0;
  private parkCount = 0;
  private inTurn = false;
  /** Whether a wake from outside of a turn has to ask the host for one. */
  private asleep = false;
  private requested = false;
  private timer: HostTimer | undefined;
  private timerTick = 0;
  private gaveGrace = false;
  private parked = false;
  private closed = false;
  private unhandled: UnhandledPanicError | undefined;
  private forgetIdleExit: (() => void) | undefined;
  private settledWaiters: (() => void)[] = [];

  private readonly onTurn = (): void => {
    this.requested = false;
    this.timedTurn();
  };

  private readonly onTimer = (): void => {
    this.timer = undefined;
    this.timedTurn();
  };

  private readonly selectRandom = (bound: number): number =>
    this.core.drawBelow(STREAM_SELECT, bound);

  private readonly releaseWait = (wait: OpenWait): void => {
    this.waits.delete(wait);
    if (this.waits.size > 0) return;
    if (this.inTurn) this.core.interrupt();
    this.rest();
  };

  constructor(options: RuntimeOptions) {
    this.options = options;
    this.host = options.host;
    this.wasm = createCore();
    this.core = this.wasm.exports;
    this.core.configure(
      options.maxTasks,
      options.maxTimers,
      options.eventInterval,
      options.lifo ? 1 : 0,
    );
    const seed = options.seed;
    if (seed === undefined) this.core.seedStreams(this.host.entropy(), this.host.entropy());
    else this.core.seedStreams(seed % 2 ** 32, Math.floor(seed / 2 ** 32));
    this.clock = new Clock(this.host, options.startPaused);
    this.timers = new Timers(this.core, this.clock, options.time, options.maxTimers);
    this.panics = new PanicLog(this.host);
    this.trace = options.trace ? new TraceLog(this.wasm) : undefined;
    this.deterministic = seed !== undefined || options.startPaused;
    const { taskSpawn, taskTerminate } = options.hooks;
    this.watched =
      options.trackSpawnSites || taskSpawn !== undefined || taskTerminate !== undefined;
  }

  // ── Spawning ───────────────────────────────────────────────────────────────────────────────────────────────────────

  spawnCoroutine<T>(
    fn: { readonly name: string },
    coroutine: Coroutine<T>,
    details?: TaskDetails,
  ): TaskCell<T> {
    const id = this.newId();
    const cell = new CoroutineCell(this, this.newSlot(id), id, fn, coroutine);
    return this.adopt(cell, details);
  }

  spawnFuture<T>(future: Future<T>, details?: TaskDetails): TaskCell<T> {
    const id = this.newId();
    return this.adopt(new FutureCell(this, this.newSlot(id), id, future), details);
  }

  spawnAsync<T>(
    call: (...args: unknown[]) => PromiseLike<T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): AsyncCell<T> {
    const id = this.newId();
    return this.adopt(new AsyncCell(this, this.newSlot(id), id, call, args), details);
  }

  private newId(): number {
    if (this.closed) throw new ShutdownError("spawn was refused");
    this.lastId += 1;
    return this.lastId;
  }

  private newSlot(id: number): number {
    const slot = this.core.spawn(generationOf(id));
    if (slot < 0) throw new LimitError("task", this.options.maxTasks);
    return slot;
  }

  private adopt<T, C extends TaskCell<T>>(cell: C, details: TaskDetails | undefined): C {
    this.cells[cell.slot] = cell as TaskCell<unknown>;
    if (details !== undefined) cell.details = details;
    if (this.watched) this.announce(cell as TaskCell<unknown>);
    if (this.asleep) this.requestTurn();
    return cell;
  }

  private announce(cell: TaskCell<unknown>): void {
    if (this.options.trackSpawnSites) cell.details = { ...cell.details, site: spawnSite() };
    const hook = this.options.hooks.taskSpawn;
    if (hook !== undefined) this.callHook("onTaskSpawn", () => hook(metaOf(cell)));
  }

  // ── What cells report ──────────────────────────────────────────────────────────────────────────────────────────────

  cellAt(slot: number): TaskCell<unknown> | undefined {
    return this.cells[slot];
  }

  poke(): void {
    if (this.asleep) this.requestTurn();
  }

  ended(cell: TaskCell<unknown>): void {
    this.cells[cell.slot] = undefined;
    cell.details?.release?.();
    if (cell.isPanicked()) this.panicked(cell);
    const hook = this.options.hooks.taskTerminate;
    if (hook !== undefined) this.callHook("onTaskTerminate", () => hook(metaOf(cell)));
  }

  private panicked(cell: TaskCell<unknown>): void {
    this.panics.add(cell);
    // What a `run` or an `await` is waiting for is not a spawned task: its error goes to its promise.
    const driven = [...this.waits].some((wait) => wait.cell === cell);
    if (this.options.unhandledPanic === "ignore" || driven || cell === this.blockedOn) return;
    this.unhandled ??= new UnhandledPanicError(cell.panic());
    this.core.interrupt();
  }

  observed(cell: TaskCell<unknown>): void {
    this.panics.seen(cell);
  }

  reportError(what: string, error: unknown): void {
    this.host.report(`tokiwa: ${what}, and the runtime goes on: ${textOf(error)}`);
  }

  asyncStarted(cell: AsyncCell<unknown>): void {
    this.asyncCells.add(cell);
  }

  asyncSettled(cell: AsyncCell<unknown>): void {
    this.asyncCells.delete(cell);
    if (this.asyncCells.size > 0) return;
    for (const settled of this.settledWaiters.splice(0)) settled();
  }

  ioOpened(resource: Disposable): void {
    this.io.add(resource);
  }

  ioClosed(resource: Disposable): void {
    this.io.delete(resource);
  }

  private callHook(name: string, hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.reportError(`the ${name} hook threw`, error);
    }
  }

  // ── Driving ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A promise for a task's end; the runtime has its turns until then. */
  promiseFor<T>(cell: TaskCell<T>, take: (cell: TaskCell<T>) => T): Promise<T> {
    const wait = new PromiseWait(cell as TaskCell<unknown>, () => take(cell), this.releaseWait);
    if (cell.isFinished()) {
      wait.wake();
      return wait.promise;
    }
    cell.addWaiter(wait);
    this.waits.add(wait);
    if (!this.inTurn && !this.requested) this.requestTurn();
    return wait.promise;
  }

  drive<T>(future: Future<T>, parent: AsyncCell<unknown> | undefined): Promise<T> {
    if (parent?.isAborted()) return Promise.reject(parent.joinError());
    const cell = this.spawnFuture(future);
    parent?.await(cell as TaskCell<unknown>);
    return this.promiseFor(cell, (ended) => {
      parent?.awaited(ended as TaskCell<unknown>);
      return ended.takeRaw();
    });
  }

  /** Runs a main future to its end on this thread's event loop. */
  run<T>(cell: TaskCell<T>): Promise<T> {
    return this.promiseFor(cell, (ended) => this.takeMain(ended));
  }

  private takeMain<T>(cell: TaskCell<T>): T {
    if (this.unhandled !== undefined && !cell.isPanicked()) throw this.unhandled;
    if (cell.isPanicked() || !this.closed) return cell.takeRaw();
    return takeOrShutdown(cell);
  }

  private requestTurn(): void {
    this.asleep = false;
    if (this.requested) return;
    this.requested = true;
    this.host.defer(this.onTurn);
  }

  /** Outside of a turn, with nothing requested: a wake must ask for a turn if somebody drives. */
  private rest(): void {
    this.asleep = this.waits.size > 0 && !this.inTurn && !this.requested;
    if (this.waits.size > 0) return;
    this.disarm();
    this.forgetIdleExit?.();
    this.forgetIdleExit = undefined;
  }

  private disarm(): void {
    if (this.timer !== undefined) this.host.clearTimer(this.timer);
    this.timer = undefined;
  }

  /** A turn of the event loop's. */
  private timedTurn(): void {
    if (this.waits.size === 0 || this.inTurn) return;
    this.unpark();
    const end = this.turn(undefined, () => this.waits.size === 0);
    if (this.waits.size === 0) this.rest();
    else if (end === "busy") this.requestTurn();
    else this.sleepUntilWoken();
  }

  private sleepUntilWoken(): void {
    this.park();
    if (this.core.ready() !== 0) {
      // The park hook woke or spawned something: Tokio's #8212, a park that must not sleep.
      this.requestTurn();
      return;
    }
    if (this.clock.isPaused()) this.sleepPaused();
    else this.armTimer();
    this.rest();
    this.forgetIdleExit ??= this.host.onIdleExit(() => this.nothingLeft());
  }

  /** K4. */
  private sleepPaused(): void {
    if (this.core.nextExpiryBound() < 0) return;
    if (this.isHostBusy() && !this.gaveGrace) this.gaveGrace = true;
    else this.advanceToNextTimer();
    this.requestTurn();
  }

  private isHostBusy(): boolean {
    return outstandingPromises() > 0 || this.asyncCells.size > 0 || this.io.size > 0;
  }

  /** Moves a paused clock to the next timer; false when there is none. */
  private advanceToNextTimer(): boolean {
    const tick = this.core.nextExpiry();
    if (tick < 0) return false;
    this.clock.moveTo(this.clock.timeOf(tick));
    this.gaveGrace = false;
    return true;
  }

  private armTimer(): void {
    const tick = this.core.nextExpiryBound();
    if (tick < 0) return;
    // A timer that rings early costs an empty turn; setting one costs more, so one that is early enough is kept.
    if (this.timer !== undefined && this.timerTick <= tick) return;
    this.disarm();
    this.timerTick = tick;
    const delay = this.clock.timeOf(tick) - this.clock.now();
    this.timer = this.host.setTimer(this.onTimer, Math.max(1, Math.ceil(delay)));
  }

  private park(): void {
    this.parkCount += 1;
    this.parked = true;
    const hook = this.options.hooks.threadPark;
    if (hook !== undefined) this.withContext(() => this.callHook("onThreadPark", hook));
  }

  private unpark(): void {
    if (!this.parked) return;
    this.parked = false;
    const hook = this.options.hooks.threadUnpark;
    if (hook !== undefined) this.withContext(() => this.callHook("onThreadUnpark", hook));
  }

  private withContext(callback: () => void): void {
    using _entered = new EnterGuard(this);
    callback();
  }

  /** The process would end although promises of ours are open: nothing can settle them any more. */
  private nothingLeft(): void {
    const error = new DeadlockError(this.describeWaiting());
    for (const wait of [...this.waits]) wait.fail(error);
  }

  private describeWaiting(): string[] {
    const shown = 8;
    const tasks = this.dump();
    const lines = tasks
      .slice(0, shown)
      .map((task) => `task ${task.id}${task.name || task.fn ? ` "${task.name ?? task.fn}"` : ""}`);
    if (tasks.length > shown) lines.push(`and ${tasks.length - shown} more`);
    return lines;
  }

  // ── A turn ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Polls tasks (K1).
   *
   * @param drives after how many driver turns to stop; undefined: when the event loop is due.
   * @param isDone looked at between driver turns.
   */
  private turn(drives: number | undefined, isDone: () => boolean): TurnEnd {
    const scheduler = replaceScheduler(this);
    const random = replaceRandom(this.selectRandom);
    const owner = replacePollingOwner(this);
    this.inTurn = true;
    this.asleep = false;
    try {
      return this.loop(drives, isDone);
    } finally {
      this.inTurn = false;
      replaceContext(undefined);
      replaceBudget(UNLIMITED);
      replacePollingOwner(owner);
      replaceRandom(random);
      replaceScheduler(scheduler);
    }
  }

  private loop(drives: number | undefined, isDone: () => boolean): TurnEnd {
    const { next } = this.core;
    const cells = this.cells;
    const limit = this.turnLimit(drives);
    let drivesLeft = limit.drives;
    let answer = next(PENDING);
    for (;;) {
      // A slot and nothing else: neither DROP_FLAG nor one of the negative answers.
      if (answer >>> 24 === 0) {
        const cell = cells[answer] as TaskCell<unknown>;
        replaceContext(cell);
        replaceBudget(TASK_BUDGET);
        beginPoll(answer);
        answer = next(cell.run());
        continue;
      }
      if (answer !== EMPTY && answer !== DRIVER) {
        answer = next(this.dropCell(cells[answer & SLOT_MASK] as TaskCell<unknown>));
        continue;
      }
      endPoll();
      if (this.unhandled !== undefined) this.shutDownOnPanic();
      if (isDone()) return "stopped";
      const now = this.driverTurn();
      if (answer === EMPTY && this.core.ready() === 0) return "idle";
      drivesLeft -= 1;
      if (drivesLeft <= 0 || now >= limit.until) return "busy";
      answer = next(PENDING);
    }
  }

  /** When a turn gives way: after so many driver turns, or at a time of the clock (K5). */
  private turnLimit(drives: number | undefined): { drives: number; until: number } {
    if (drives === undefined && !this.deterministic)
      return { drives: MOST_DRIVES, until: this.clock.now() + TURN_MS };
    return { drives: drives ?? TURN_DRIVES, until: Number.POSITIVE_INFINITY };
  }

  private dropCell(cell: TaskCell<unknown>): number {
    replaceContext(cell);
    replaceBudget(UNLIMITED);
    beginPoll(cell.slot);
    return cell.drop();
  }

  /** The driver's turn (K2). Returns the time: the clock is read once. */
  private driverTurn(): number {
    const now = this.clock.now();
    this.timers.driverTurn(now);
    this.trace?.drain();
    return now;
  }

  // ── blockOn and tick ───────────────────────────────────────────────────────────────────────────────────────────────

  private blockedOn: TaskCell<unknown> | undefined;

  /** @throws {NestedRuntimeError} while this thread polls tasks, of whatever runtime. @throws {CannotBlockError} */
  assertMayBlock(what: string): void {
    if (tryCurrentScheduler()?.isPolling()) throw new NestedRuntimeError(what);
    if (!this.host.canPark) throw new CannotBlockError(this.host.name);
  }

  isPolling(): boolean {
    return this.inTurn;
  }

  /** Runs a main future to its end, blocking the thread. */
  blockOn<T>(cell: TaskCell<T>): T {
    const blocked = replaceLoopBlocked(true);
    this.blockedOn = cell as TaskCell<unknown>;
    const isDone = (): boolean => cell.isFinished();
    try {
      while (!cell.isFinished()) {
        if (this.turn(TURN_DRIVES, isDone) === "idle" && !cell.isFinished()) this.blockUntilTimer();
      }
    } catch (error) {
      cell.cancel();
      throw error;
    } finally {
      this.blockedOn = undefined;
      replaceLoopBlocked(blocked);
      this.rest();
    }
    return this.takeMain(cell);
  }

  private blockUntilTimer(): void {
    this.park();
    if (this.core.ready() === 0) this.sleepBlocking();
    this.unpark();
  }

  private sleepBlocking(): void {
    const tick = this.core.nextExpiryBound();
    // No other thread has a waker of this runtime, so without a timer nobody could ever end the wait.
    if (tick < 0) throw new DeadlockError(this.describeWaiting());
    if (this.clock.isPaused()) this.advanceToNextTimer();
    else this.host.park(Math.max(0, this.clock.timeOf(tick) - this.clock.now()));
  }

  /** One bounded turn: at most `eventInterval` polls, and a driver turn before and after. */
  tick(): TickReport {
    if (this.inTurn) throw new NestedRuntimeError("tick");
    const before = this.core.pollCount();
    if (this.closed) throw new ShutdownError("tick was refused");
    this.driverTurn();
    this.turn(1, () => false);
    this.rest();
    return {
      ready: this.core.ready() !== 0,
      nextTimerMs: this.nextTimerMs(),
      polls: (this.core.pollCount() - before) >>> 0,
    };
  }

  private nextTimerMs(): number | undefined {
    const tick = this.core.nextExpiry();
    return tick < 0 ? undefined : Math.max(0, this.clock.timeOf(tick) - this.clock.now());
  }

  // ── Shutting down ──────────────────────────────────────────────────────────────────────────────────────────────────

  isClosed(): boolean {
    return this.closed;
  }

  private shutDownOnPanic(): void {
    if (!this.closed) this.cancelEverything();
  }

  private cancelEverything(): void {
    this.closed = true;
    for (const cell of this.cells) if (cell !== undefined) cell.cancel();
  }

  /** Drops every task. Async functions that are under way go on; see {@link settled}. */
  close(): void {
    if (this.closed) return;
    this.cancelEverything();
    // Inside a turn the tasks are dropped by that turn.
    if (!this.inTurn) while (this.turn(TURN_DRIVES, () => false) === "busy");
    for (const resource of [...this.io]) resource[Symbol.dispose]();
    this.timers.close();
    this.panics.flush();
    this.rest();
  }

  /** Resolves when every async function has come to its end, or after `limitMs`; with the tasks that had not. */
  settled(limitMs: number | undefined): Promise<TaskDump[]> {
    if (this.asyncCells.size === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const timer =
        limitMs === undefined
          ? undefined
          : this.host.setTimer(() => resolve([...this.asyncCells].map(dumpStuck)), limitMs);
      this.settledWaiters.push(() => {
        if (timer !== undefined) this.host.clearTimer(timer);
        resolve([]);
      });
    });
  }

  // ── Reports ────────────────────────────────────────────────────────────────────────────────────────────────────────

  metrics(): RuntimeMetrics {
    return new RuntimeMetrics({
      numAliveTasks: () => this.core.aliveTasks(),
      spawnedTasks: () => this.lastId,
      queueDepth: () => this.core.queueLength(),
      polls: () => this.core.pollCount() >>> 0,
      parks: () => this.parkCount,
      aliveTimers: () => this.core.aliveTimers(),
      ioHandles: () => this.io.size,
      memoryBytes: () => this.wasm.memory.buffer.byteLength,
    });
  }

  dump(): TaskDump[] {
    const tasks: TaskDump[] = [];
    for (const cell of this.cells) if (cell !== undefined) tasks.push(this.dumpCell(cell));
    return tasks.sort((a, b) => a.id - b.id);
  }

  private dumpCell(cell: TaskCell<unknown>): TaskDump {
    const bits = this.core.taskState(cell.slot);
    const polls = this.core.taskPolls(cell.slot);
    return { ...metaOf(cell), state: stateName(bits), polls, site: cell.details?.site };
  }

  traceText(): string {
    return this.trace?.text() ?? "";
  }

  randomBelow(bound: number): number {
    return this.core.drawBelow(STREAM_USER, bound);
  }
}

function metaOf(cell: TaskCell<unknown>): TaskMeta {
  return { id: cell.id, name: cell.details?.name, fn: cell.label };
}

function stateName(bits: number): TaskDump["state"] {
  if ((bits & STATE_RUNNING) !== 0) return "running";
  if ((bits & STATE_CANCELLED) !== 0) return "ending";
  return (bits & STATE_SCHEDULED) !== 0 ? "ready" : "waiting";
}

function dumpStuck(cell: AsyncCell<unknown>): TaskDump {
  const details = cell.details;
  return {
    id: cell.id,
    name: details?.name,
    fn: cell.label,
    state: "ending",
    polls: 1,
    site: details?.site,
  };
}

function takeOrShutdown<T>(cell: TaskCell<T>): T {
  try {
    return cell.take();
  } catch (error) {
    throw new ShutdownError("the main future was dropped", { cause: error });
  }
}

/** The stack above the library's own frames. */
function spawnSite(): string {
  const stack = new Error().stack ?? "";
  const frames = stack.split("\n").slice(1);
  const outside = frames.findIndex((frame) => !/\bspawn\w*\b|announce|adopt/.test(frame));
  return `\n${frames.slice(Math.max(outside, 0), Math.max(outside, 0) + 3).join("\n")}`;
}
