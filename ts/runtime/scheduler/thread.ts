// One thread's part of a scheduler: the cells of its tasks, its turns, and its end. current-thread.ts is all of a runtime on
// one thread; multi-thread/ has one of these on each of its threads.
//
// The order of tasks (queue, lifo slot, deferred tasks, timers) is the core's. Who asks for a turn, and when, is in
// event-loop.ts (`run`, `await`), blocking.ts (`blockOn`) and `tick` below.
//
// K1  A turn polls tasks until nothing is runnable or the event loop is due; between polls nothing of the host runs.
// K2  The driver has its turn after `eventInterval` polls and whenever nothing is ready: timers fire, yielded tasks return.
// K3  When turns end must not depend on the real clock in a deterministic run: there they are counted, not timed.
// K4  Where coroutines stand is noted all along only by a deterministic run, or with `trackSpawnSites`. Any other that is stuck asks its
//     tasks afterwards, by a poll that nobody woke them for, which a future has to bear; if that brings them on, it was not stuck,
//     and notes nothing from the next turn on.

import {
  type CoroutineFunction,
  type Future,
  outstandingPromises,
  replaceBudget,
  replaceContext,
  replaceNoting,
  replaceRandom,
  TASK_BUDGET,
  UNLIMITED,
} from "../../future/index.js";
import type { Host } from "../../host/types.js";
import type { SendableInfo } from "../../send/sendable.js";
import type { SharedHome } from "../../sync/shared/index.js";
import { Clock } from "../clock.js";
import {
  type Core,
  type CoreExports,
  DRIVER,
  EMPTY,
  PENDING,
  SLOT_MASK,
  STATE_RUNNING,
  STATE_SCHEDULED,
  STREAM_SELECT,
  STREAM_USER,
} from "../core/binding.js";
import { type CarriedOwner, carriedCell, replaceScheduler } from "../entered.js";
import {
  InvalidArgumentError,
  LimitError,
  NestedRuntimeError,
  ShutdownError,
  UnhandledPanicError,
  type WaitingTask,
} from "../errors.js";
import type { RuntimeMetrics } from "../metrics.js";
import type { RuntimeOptions } from "../options.js";
import { PanicLog, textOf } from "../panics.js";
import { dumpLive, dumpStuck, metaOf, type TaskDump, waitingTask } from "../reports.js";
import { AsyncCell } from "../task/async-cell.js";
import {
  beginPoll,
  CoroutineCell,
  endPoll,
  FutureCell,
  generationOf,
  isTurning,
  replacePolling,
  restorePolling,
  type TaskCell,
  type TaskDetails,
  UNHOOKED,
} from "../task/cell.js";
import { DrivenCell } from "../task/driven-cell.js";
import { Timers } from "../timers.js";
import { assertMayBlock, driveBlocking } from "./blocking.js";
import { EventLoop } from "./event-loop.js";
import type { Flavor, Scheduler } from "./scheduler.js";
import { Stops } from "./stops.js";
import { TURN_DRIVES, type TurnEnd, type Turns } from "./turns.js";

/**
 * How long a turn may keep the event loop waiting. A loop turn costs about a microsecond, so a quarter of a millisecond
 * between two of them costs half a percent; I/O waits no longer than that, plus the poll under way.
 */
const TURN_MS = 0.25;

/** A task that does not wait: it is being polled, or is about to be. */
const STATE_BUSY = STATE_RUNNING | STATE_SCHEDULED;

/** A clock that is paused in the middle of a timed turn must not keep that turn from ending. */
const MOST_DRIVES = 65536;

/** What a bounded turn of {@link CurrentThread.tick} has left behind. */
export interface TickReport {
  /** Whether tasks are ready to be polled now. */
  readonly ready: boolean;
  /** Milliseconds until the next timer; 0 when one is due, undefined when there is none. */
  readonly nextTimerMs: number | undefined;
  /** Polls of this turn. */
  readonly polls: number;
}

/** A scheduler as the runtime that owns it sees it. */
export type RuntimeScheduler = ThreadScheduler;

export abstract class ThreadScheduler implements Scheduler, Turns {
  abstract readonly flavor: Flavor;
  /** Whether turns are given although nobody waits: threads beside this one go on, so its tasks do too. */
  abstract readonly alwaysServed: boolean;
  readonly options: RuntimeOptions;
  readonly host: Host;
  readonly core: CoreExports;
  readonly clock: Clock;
  readonly timers: Timers;

  protected readonly wasm: Core;
  protected readonly cells: (TaskCell<unknown> | undefined)[] = [];
  protected readonly eventLoop: EventLoop;
  protected readonly panics: PanicLog;
  /** Async functions that have been called and have not come to their end. */
  protected readonly asyncCells: Set<AsyncCell<unknown>> = new Set();
  private settledWaiters: (() => void)[] = [];
  /** Sockets and listeners that are open. */
  protected readonly io: Set<Disposable> = new Set();
  private readonly deterministic: boolean;
  /** Where coroutines have stopped, when reports are to say so (K4). */
  private stops: Stops | undefined;
  private readonly alwaysNotes: boolean;
  readonly detectsDeadlocks: boolean;
  /** Carried where there is no async function, but this runtime. */
  private readonly nobody: CarriedOwner = { asyncOwner: this };

  protected parkCount = 0;
  private inTurn = false;
  private parked = false;
  protected closed = false;
  protected unhandled: UnhandledPanicError | undefined;

  private readonly selectRandom = (bound: number): number =>
    this.core.drawBelow(STREAM_SELECT, bound);

  constructor(options: RuntimeOptions, wasm: Core) {
    const { host, seed, maxTimers } = options;
    this.options = options;
    this.host = host;
    this.wasm = wasm;
    this.core = wasm.exports;
    this.core.configure(options.maxTasks, maxTimers, options.eventInterval, options.lifo ? 1 : 0);
    if (seed === undefined) this.core.seedStreams(host.entropy(), host.entropy());
    else this.core.seedStreams(seed % 2 ** 32, Math.floor(seed / 2 ** 32));
    this.eventLoop = new EventLoop(this);
    const changed = (): void => this.eventLoop.poke();
    this.clock = new Clock(host, options.startPaused, changed);
    const report = (what: string, error: unknown): void => this.reportError(what, error);
    this.timers = new Timers(this.core, this.clock, options.time, maxTimers, report, changed);
    this.panics = new PanicLog(host, options.hooks.unobservedPanic);
    this.deterministic = seed !== undefined || options.startPaused;
    this.alwaysNotes = this.deterministic || options.trackSpawnSites;
    this.stops = this.alwaysNotes ? new Stops() : undefined;
    this.detectsDeadlocks = this.deterministic && !options.outsideWakes;
  }

  /** The id of the next task. */
  protected abstract newId(): number;

  /** Takes back the id of a task that could not be made. */
  protected forgetId(): void {}

  // ── Spawning ───────────────────────────────────────────────────────────────────────────────────────────────────────

  spawnCoroutine<T>(
    fn: CoroutineFunction<readonly unknown[], T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<T> {
    const id = this.idForSpawn();
    return this.adopt(new CoroutineCell(this, this.newSlot(id), id, fn, args), details);
  }

  spawnFuture<T>(future: Future<T>, details?: TaskDetails): TaskCell<T> {
    const id = this.idForSpawn();
    return this.adopt(new FutureCell(this, this.newSlot(id), id, future), details);
  }

  spawnAsync<T>(
    call: (...args: unknown[]) => PromiseLike<T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): AsyncCell<T> {
    const id = this.idForSpawn();
    return this.adopt(new AsyncCell(this, this.newSlot(id), id, call, args), details);
  }

  abstract spawnSendable(
    info: SendableInfo,
    args: readonly unknown[],
    blocking: boolean,
    details?: TaskDetails,
  ): TaskCell<unknown>;

  protected idForSpawn(): number {
    if (this.closed) throw new ShutdownError("spawn was refused", { cause: this.unhandled });
    return this.newId();
  }

  private newSlot(id: number): number {
    const slot = this.core.spawn(generationOf(id));
    if (slot >= 0) return slot;
    this.forgetId();
    throw new LimitError("task", this.options.maxTasks);
  }

  protected adopt<T, C extends TaskCell<T>>(cell: C, details: TaskDetails | undefined): C {
    this.keep(cell as TaskCell<unknown>);
    if (details !== undefined) cell.details = details;
    if (this.options.captureContext) cell.runIn(this.host.captureContext());
    if (this.options.hooks.taskSpawn !== undefined && details?.unhooked !== true)
      this.announce(cell as TaskCell<unknown>);
    this.eventLoop.poke();
    return cell;
  }

  /** Without a gap: slots of other threads' tasks lie between ours, and an array with wide gaps becomes a slow one. */
  protected keep(cell: TaskCell<unknown>): void {
    while (this.cells.length < cell.slot) this.cells.push(undefined);
    this.cells[cell.slot] = cell;
  }

  protected announce(cell: TaskCell<unknown>): void {
    const hook = this.options.hooks.taskSpawn;
    if (hook !== undefined) this.callHook("onTaskSpawn", () => hook(metaOf(cell)));
  }

  // ── What cells and resources report ────────────────────────────────────────────────────────────────────────────────

  cellAt(slot: number): TaskCell<unknown> | undefined {
    return this.cells[slot];
  }

  poke(): void {
    this.eventLoop.poke();
  }

  ended(cell: TaskCell<unknown>): void {
    this.cells[cell.slot] = undefined;
    this.stops?.forget(cell);
    cell.details?.release?.();
    if (cell.isPanicked() && cell.details?.sent !== true) this.panicked(cell);
    const hook = this.options.hooks.taskTerminate;
    if (hook !== undefined && cell.details?.unhooked !== true)
      this.callHook("onTaskTerminate", () => hook(metaOf(cell)));
  }

  private panicked(cell: TaskCell<unknown>): void {
    this.panics.add(cell);
    // What a `run`, a `blockOn` or an `await` waits for is not a spawned task: its error goes there.
    if (this.options.unhandledPanic === "ignore" || cell.details?.unhooked === true) return;
    this.unhandled ??= new UnhandledPanicError(cell.panic());
    this.panics.seen(cell);
    this.core.interrupt();
  }

  observed(cell: TaskCell<unknown>): void {
    this.panics.seen(cell);
  }

  reportError(what: string, error: unknown): void {
    this.host.report(`tokiwa: ${what}, and the runtime goes on: ${textOf(error)}`);
  }

  outlived(_cell: TaskCell<unknown>): (() => void) | undefined {
    return undefined;
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

  openIo(): readonly Disposable[] {
    return [...this.io];
  }

  private callHook(name: string, hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.reportError(`the ${name} hook threw`, error);
    }
  }

  // ── A turn ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  isPolling(): boolean {
    return this.inTurn;
  }

  turn(drives: number | undefined, isDone: () => boolean): TurnEnd {
    const scheduler = replaceScheduler(this);
    const random = replaceRandom(this.selectRandom);
    const polling = replacePolling(this);
    const context = replaceContext(undefined);
    const budget = replaceBudget(UNLIMITED);
    const noting = replaceNoting(this.stops?.note);
    this.inTurn = true;
    this.eventLoop.beginTurn();
    try {
      return this.pollOutside(drives, isDone);
    } finally {
      this.inTurn = false;
      replaceNoting(noting);
      replaceBudget(budget);
      replaceContext(context);
      restorePolling(polling);
      replaceRandom(random);
      replaceScheduler(scheduler);
    }
  }

  /**
   * What tasks call in a turn belongs to them, not to whoever asked for the turn: not in his context, and if he is an async function
   * it does not end with that.
   */
  private pollOutside(drives: number | undefined, isDone: () => boolean): TurnEnd {
    const { host } = this;
    const poll = (): TurnEnd => this.poll(drives, isDone);
    if (carriedCell() === undefined) return host.outside(poll);
    return host.outside(() => host.runWith(this.nobody, poll));
  }

  private poll(drives: number | undefined, isDone: () => boolean): TurnEnd {
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
        answer = next(this.runSpecial(answer));
        continue;
      }
      if (answer === EMPTY && (this.search() || (drives === undefined && this.blockInTurn()))) {
        answer = next(PENDING);
        continue;
      }
      endPoll();
      if (this.unhandled !== undefined && !this.closed) this.close();
      // A runtime that was shut down in this turn drops all of its tasks first.
      if (isDone() && !this.closed) return "stopped";
      const now = this.driverTurn();
      if (answer === EMPTY && !this.core.ready()) return "idle";
      drivesLeft -= 1;
      if (this.closed) drivesLeft = MOST_DRIVES;
      else if (drivesLeft <= 0 || now >= limit.until) return "busy";
      answer = next(PENDING);
    }
  }

  /** When a turn gives way: after so many driver turns, or at a time of the clock (K3). */
  private turnLimit(drives: number | undefined): { drives: number; until: number } {
    if (drives === undefined && !this.deterministic)
      return { drives: MOST_DRIVES, until: this.clock.now() + TURN_MS };
    return { drives: drives ?? TURN_DRIVES, until: Number.POSITIVE_INFINITY };
  }

  /** A slot with flags. */
  protected runSpecial(answer: number): number {
    return this.dropCell(this.cells[answer & SLOT_MASK] as TaskCell<unknown>);
  }

  /** Nothing is ready: whether something has come from elsewhere. May take a few microseconds. */
  protected search(): boolean {
    return false;
  }

  /** Blocks the thread here if nothing is to be done but to wait for another; whether it did. */
  protected blockInTurn(): boolean {
    return false;
  }

  protected dropCell(cell: TaskCell<unknown>): number {
    replaceContext(cell);
    replaceBudget(UNLIMITED);
    beginPoll(cell.slot);
    return cell.drop();
  }

  /** For what a scheduler does besides at each driver turn. */
  protected afterDriver(): void {}

  /** The driver's turn (K2). Returns the time: the clock is read once. */
  private driverTurn(): number {
    const now = this.clock.now();
    this.timers.driverTurn(now);
    this.afterDriver();
    return now;
  }

  // ── Driving ────────────────────────────────────────────────────────────────────────────────────────────────────────

  isHostBusy(): boolean {
    return outstandingPromises() > 0 || this.asyncCells.size > 0 || this.io.size > 0;
  }

  mayBlock(): boolean {
    return false;
  }

  block(_limitMs: number | undefined): void {}

  hasOtherThreads(): boolean {
    return false;
  }

  holdsClock(): boolean {
    return false;
  }

  beginSleep(): boolean {
    return true;
  }

  abstract blockUntilWoken(): void;

  park(): void {
    this.parkCount += 1;
    this.parked = true;
    this.callInContext("onThreadPark", this.options.hooks.threadPark);
  }

  unpark(): void {
    if (!this.parked) return;
    this.parked = false;
    this.callInContext("onThreadUnpark", this.options.hooks.threadUnpark);
  }

  private callInContext(name: string, hook: (() => void) | undefined): void {
    if (hook === undefined) return;
    const scheduler = replaceScheduler(this);
    this.callHook(name, hook);
    replaceScheduler(scheduler);
  }

  drive<T>(future: Future<T>, parent: AsyncCell<unknown> | undefined): Promise<T> {
    if (parent?.isAborted()) return Promise.reject(parent.abortError());
    const id = this.idForSpawn();
    const cell = this.adopt(new DrivenCell(this, this.newSlot(id), id, future, parent), UNHOOKED);
    return this.eventLoop.promiseFor(
      cell as TaskCell<unknown>,
      () => cell.takeRaw(),
      parent,
      () => cell.abandoned(),
    );
  }

  /** Runs a main future to its end on this thread's event loop. */
  run<T>(cell: TaskCell<T>): Promise<T> {
    return this.eventLoop.promiseFor(
      cell as TaskCell<unknown>,
      () => this.takeMain(cell),
      undefined,
      () => cell.cancel(),
      true,
    );
  }

  /** Runs a main future to its end, blocking the thread. */
  blockOn<T>(cell: TaskCell<T>): T {
    try {
      driveBlocking(this, cell as TaskCell<unknown>);
    } finally {
      this.forgetStops();
      this.eventLoop.resume();
    }
    return this.takeMain(cell);
  }

  /** @throws {NestedRuntimeError} @throws {CannotBlockError} */
  assertMayBlock(what: string): void {
    assertMayBlock(this, what);
  }

  forBlocking(): Scheduler {
    return this;
  }

  abstract blockInPlace<T>(fn: () => T): T;

  abstract sharedMemory(): SharedHome;

  join<T>(cell: TaskCell<T>, parent: AsyncCell<unknown> | undefined): Promise<T> {
    if (parent?.isAborted()) return Promise.reject(parent.abortError());
    return this.eventLoop.promiseFor(cell as TaskCell<unknown>, () => cell.take(), parent);
  }

  private takeMain<T>(cell: TaskCell<T>): T {
    if (!this.closed || cell.hasOutput()) return cell.takeRaw();
    throw this.unhandled ?? new ShutdownError("the main future was dropped");
  }

  /** One bounded turn: what is due fires, and at most `eventInterval` tasks are polled. */
  tick(): TickReport {
    if (isTurning()) throw new NestedRuntimeError("tick");
    if (this.closed) throw new ShutdownError("tick was refused");
    const before = this.core.pollCount();
    this.driverTurn();
    this.turn(1, () => false);
    this.eventLoop.resume();
    const tick = this.core.nextExpiry();
    return {
      ready: Boolean(this.core.ready()),
      nextTimerMs: tick < 0 ? undefined : Math.max(0, this.clock.timeOf(tick) - this.clock.now()),
      polls: (this.core.pollCount() - before) >>> 0,
    };
  }

  /** Takes a turn unless one is under way: for who blocks this thread for another runtime. */
  serve(): void {
    if (!this.inTurn) this.turn(1, () => false);
  }

  // ── Shutting down ──────────────────────────────────────────────────────────────────────────────────────────────────

  protected cancelEverything(): void {
    if (this.closed) return;
    this.closed = true;
    for (const cell of this.cells) cell?.cancel();
    this.eventLoop.poke();
  }

  /** Drops every task and closes every socket. Async functions under way go on; see {@link settled}. */
  close(): void {
    this.cancelEverything();
    // Inside a turn the tasks are dropped by that turn.
    if (!this.inTurn) while (this.turn(TURN_DRIVES, () => false) === "busy");
    for (const resource of [...this.io]) resource[Symbol.dispose]();
    this.timers.close();
    this.panics.flush();
    this.eventLoop.rest();
    if (this.alwaysServed) this.eventLoop.leave();
  }

  /** Ends another thread of the runtime; false if there is none of that number. */
  terminateWorker(_worker: number): boolean {
    return false;
  }

  /** Resolves when every async function has come to its end, or after `limitMs`; with the tasks that had not. */
  settled(limitMs: number | undefined): Promise<TaskDump[]> {
    if (this.asyncCells.size === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const giveUp = (): void => resolve([...this.asyncCells].map(dumpStuck));
      const timer = limitMs === undefined ? undefined : this.host.setTimer(giveUp, limitMs);
      this.settledWaiters.push(() => {
        if (timer !== undefined) this.host.clearTimer(timer);
        resolve([]);
      });
    });
  }

  // ── Reports ────────────────────────────────────────────────────────────────────────────────────────────────────────

  abstract metrics(): RuntimeMetrics;

  dump(): TaskDump[] {
    const tasks: TaskDump[] = [];
    for (const cell of this.cells)
      if (cell !== undefined) tasks.push(dumpLive(this.core, cell, this.waitOf(cell)));
    return tasks.sort((a, b) => a.id - b.id);
  }

  /** What the last poll of a task has left it waiting for. One that was not polled yet, or is being polled, waits for nothing. */
  private waitOf(cell: TaskCell<unknown>): string | undefined {
    if (this.core.taskPolls(cell.slot) === 0 || this.core.taskState(cell.slot) & STATE_BUSY)
      return undefined;
    return cell.waitsFor() ?? this.stops?.of(cell);
  }

  askTasks(): boolean {
    if (this.stops !== undefined) return false;
    this.stops = new Stops();
    for (const cell of this.cells) if (!(cell instanceof AsyncCell)) cell?.wake();
    return this.core.ready() !== 0;
  }

  forgetStops(): void {
    if (!this.alwaysNotes) this.stops = undefined;
  }

  waitingTasks(): WaitingTask[] {
    const tasks: WaitingTask[] = [];
    for (const cell of this.cells)
      if (cell !== undefined && !(cell instanceof DrivenCell && cell.isToldBy(this)))
        tasks.push(waitingTask(cell, this.waitOf(cell)));
    return tasks.sort((a, b) => a.id - b.id);
  }

  traceText(): string {
    return "";
  }

  randomBelow(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31)
      throw new InvalidArgumentError("randomBelow(bound)", bound, "a whole number from 1 to 2^31");
    return this.core.drawBelow(STREAM_USER, bound);
  }
}
