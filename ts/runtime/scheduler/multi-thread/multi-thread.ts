// One thread's part of a multi_thread runtime: a caller, a worker, or a thread of the blocking pool. Its own tasks are as on
// current_thread; sendable ones it spawns into shared memory, runs when the core hands them out, and hears of when they end.
//
// M1  A sendable task has two sides: the joiner's RemoteCell, in `remotes` of the thread that spawned it, and the cell that
//     runs it, in `cells` of the thread that took it. Both have its slot; the joiner gives the slot back.
// M2  The joiner hears of an end when nothing of the task runs any more: one that is dropped while something of it goes on, an async
//     function or what a scope of it has left behind, is detained by its thread until that has ended.
// M3  What is written for another thread, and how it gets there, is in payloads.ts.

import {
  outstandingPromises,
  replaceBudget,
  replaceContext,
  TASK_BUDGET,
} from "../../../future/index.js";
import { takeLanded } from "../../../send/carrying.js";
import type { SendableInfo } from "../../../send/sendable.js";
import {
  COMPLETED,
  type Core,
  DELIVERED,
  DETAINED,
  EXPECTS_LITTLE,
  EXPECTS_MUCH,
  EXPECTS_NOTHING,
  joinCore,
  KIND_BLOCKING,
  KIND_SENDABLE,
  RESULT_FLAG,
  ROLE_BLOCKING,
  ROLE_CALLER,
  ROLE_WORKER,
  SLOT_MASK,
  START_FLAG,
  type ThreadsExports,
} from "../../core/binding.js";
import { DeadlockError } from "../../errors.js";
import type { RuntimeMetrics } from "../../metrics.js";
import type { RuntimeOptions } from "../../options.js";
import { dumpLive, type TaskDump } from "../../reports.js";
import type { AnyFunction } from "../../starting.js";
import type { AsyncCell } from "../../task/async-cell.js";
import { beginPoll, type TaskCell, type TaskDetails } from "../../task/cell.js";
import { isBlockingAllowed } from "../blocking.js";
import type { Flavor } from "../scheduler.js";
import { ThreadScheduler } from "../thread.js";
import { owesElsewhere, serveOthers } from "./attached.js";
import { FunctionTable, type Module } from "./functions.js";
import { blockInPlaceOn } from "./in-place.js";
import type { Membership } from "./membership.js";
import { LAZY_FROM, LAZY_MS, Parking } from "./parking.js";
import { type ParcelPost, Payloads } from "./payloads.js";
import { RemoteCell } from "./remote-cell.js";
import { failingCell, LoadingCell, newCell } from "./sent-cells.js";
import { SharedMemory } from "./shared-memory.js";
import { StuckWatch } from "./stuck.js";

/** What its thread does for the rest of the runtime. */
export interface ThreadDuties extends ParcelPost {
  /** The thread is about to poll tasks. */
  beforeTurn(): void;
  /** The thread was blocked, so that its event loop could tell it nothing. */
  afterBlocking(): void;
  /** For how long the thread may be blocked at most before `afterBlocking` is called. */
  mostBlockedMs(): number;
  /** The thread is about to spawn what may run elsewhere. */
  beforeSpawn(): void;
  /** Whether there are other threads in the runtime. */
  hasOtherThreads(): boolean;
  /** A part of the runtime on this thread that has no turn under way. */
  beside(membership: Membership): MultiThread;
  /** A thread of the blocking pool has had nothing to do for as long as it may. */
  idled(): void;
  /** Everything of this thread has ended after the runtime was closed. */
  finished(): void;
  metrics(): RuntimeMetrics;
}

/** What is left of a task. */
interface Remains {
  count: number;
  /** The task itself was dropped. */
  isDetained: boolean;
}

const SENT: TaskDetails = { sent: true };
/** Under `blockOn` the deaths of other threads, and that none of them does anything any more, are looked for and not heard of. */
export const LOOK_AROUND_MS = 250;
/** How long a thread that seems stuck waits before it looks once more. */
const SECOND_LOOK_MS = 20;

export class MultiThread extends ThreadScheduler {
  readonly flavor: Flavor = "multi_thread";
  readonly alwaysServed = true;
  readonly membership: Membership;
  readonly thread: number;
  readonly role: number;
  readonly functions: FunctionTable;

  declare protected readonly wasm: Core<ThreadsExports>;
  declare readonly core: ThreadsExports;
  private readonly duties: ThreadDuties;
  private shared: SharedMemory | undefined;
  /** Ends of channels that tasks got as arguments: they close with the task, as what a task owns ends with it. */
  private readonly ends = new Map<TaskCell<unknown>, readonly Disposable[]>();
  /** What of tasks of others goes on although they were dropped (M2). */
  private readonly remains = new Map<TaskCell<unknown>, Remains>();
  private readonly remotes: (RemoteCell<unknown> | undefined)[] = [];
  private outstanding = 0;
  readonly payloads: Payloads;
  private readonly watch: StuckWatch = new StuckWatch(this);
  private readonly parking: Parking;
  /** Cells whose module is being imported, or whose parcel is on its way. */
  private loading = 0;

  constructor(
    options: RuntimeOptions,
    membership: Membership,
    thread: number,
    role: number,
    duties: ThreadDuties,
    modules: Map<string, Module> = new Map(),
  ) {
    const wasm = joinCore(membership.shared, thread);
    super(options, wasm);
    this.duties = duties;
    this.membership = membership;
    this.thread = thread;
    this.role = role;
    this.core.beginThread(role, options.lifo && role !== ROLE_CALLER ? 1 : 0);
    if (role === ROLE_BLOCKING) this.core.startSucceeded();
    const { threads } = this.host;
    const load = (url: string): Promise<Module> =>
      (threads as NonNullable<typeof threads>).load(url);
    this.functions = new FunctionTable(wasm, load, modules);
    const { contextCapture } = options.hooks;
    this.payloads = new Payloads(
      wasm,
      membership.id,
      thread,
      duties,
      options.maxTasks,
      contextCapture,
    );
    this.parking = new Parking(wasm, this.host, thread, () => this.eventLoop.wake());
  }

  /** Turns begin. */
  start(): void {
    this.eventLoop.start();
  }

  // ── Spawning ───────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override newId(): number {
    return this.core.newId();
  }

  override spawnSendable(
    info: SendableInfo,
    args: readonly unknown[],
    blocking: boolean,
    details?: TaskDetails,
  ): TaskCell<unknown> {
    const id = this.idForSpawn();
    this.duties.beforeSpawn();
    const kind = blocking ? KIND_BLOCKING : KIND_SENDABLE;
    const fn = this.functions.numberOf(info);
    const slot = this.payloads.submit(kind, fn, id, args);
    const cell = new RemoteCell<unknown>(this, slot, id, info, blocking);
    if (details !== undefined) cell.details = details;
    while (this.remotes.length < slot) this.remotes.push(undefined);
    this.remotes[slot] = cell;
    this.outstanding += 1;
    if (this.options.hooks.taskSpawn !== undefined) this.announce(cell);
    // The event loop may be asleep without a wait: it is to hear of the end.
    this.eventLoop.poke();
    return cell;
  }

  // ── Running what others spawned ────────────────────────────────────────────────────────────────────────────────────

  protected override runSpecial(answer: number): number {
    const slot = answer & SLOT_MASK;
    if ((answer & RESULT_FLAG) !== 0) return this.deliver(slot);
    if ((answer & START_FLAG) !== 0) return this.startSent(slot);
    return super.runSpecial(answer);
  }

  private startSent(slot: number): number {
    const id = this.core.idOf(slot);
    const cell = this.cellToStart(slot, id);
    cell.details = SENT;
    this.keep(cell);
    replaceContext(cell);
    replaceBudget(TASK_BUDGET);
    beginPoll(slot);
    return cell.run();
  }

  private cellToStart(slot: number, id: number): TaskCell<unknown> {
    try {
      const found = this.functions.get(this.core.functionOf(slot));
      if (found !== undefined && this.payloads.areHere(slot))
        return this.cellFor(slot, id, found.fn);
      return this.cellForLater(slot, id);
    } catch (error) {
      return failingCell(this, slot, id, error);
    }
  }

  private cellFor(slot: number, id: number, fn: AnyFunction): TaskCell<unknown> {
    try {
      takeLanded();
      const args = this.payloads.takeArguments(slot);
      const ends = takeLanded();
      const cell = this.cellWith(slot, id, fn, args);
      if (ends !== undefined) this.ends.set(cell, ends);
      return cell;
    } catch (error) {
      return failingCell(this, slot, id, error);
    }
  }

  private cellWith(
    slot: number,
    id: number,
    fn: AnyFunction,
    args: readonly unknown[],
  ): TaskCell<unknown> {
    const blocks = this.role === ROLE_BLOCKING;
    const { contextRestore } = this.options.hooks;
    if (contextRestore === undefined || !this.payloads.isCarrying(slot)) {
      return newCell(this, slot, id, fn, args, blocks);
    }
    const [captured, ...rest] = args;
    const cell = newCell(this, slot, id, fn, rest, blocks);
    cell.runIn((callback) => contextRestore(captured, callback));
    return cell;
  }

  /**
   * A task whose function this thread has to import first, or whose arguments are on their way. It has not begun: when both are
   * there it is started once more, and if this thread dies before that, by another.
   */
  private cellForLater(slot: number, id: number): TaskCell<unknown> {
    const cell = new LoadingCell(
      this,
      slot,
      id,
      this.functions.labelOf(this.core.functionOf(slot)),
      this.core.restart,
    );
    this.changeLoading(1);
    const done = (): void => {
      this.changeLoading(-1);
      // It may have been cancelled meanwhile, and the slot given to another.
      if (this.cells[slot] !== cell) return;
      this.cells[slot] = undefined;
      cell.wake();
    };
    this.load(slot).then(done, done);
    return cell;
  }

  /** While it loads something a worker takes nothing more: it would pin one task after the other that it cannot run yet. */
  private changeLoading(by: number): void {
    this.loading += by;
    this.core.setImporting(this.loading);
    if (this.loading === 0) this.poke();
  }

  private async load(slot: number): Promise<void> {
    const number = this.core.functionOf(slot);
    if (this.functions.get(number) === undefined) await this.functions.find(number);
    await this.payloads.arrival(slot);
  }

  override ended(cell: TaskCell<unknown>): void {
    super.ended(cell);
    if (cell.details !== SENT) return;
    this.payloads.report(cell);
    const ends = this.ends.get(cell);
    if (ends === undefined) return;
    this.ends.delete(cell);
    for (const end of ends) end[Symbol.dispose]();
  }

  /** M2. */
  protected override dropCell(cell: TaskCell<unknown>): number {
    const outcome = super.dropCell(cell);
    if (outcome !== COMPLETED || cell.details !== SENT) return outcome;
    const returned = this.outlived(cell);
    cell.whenReturned(() => returned?.());
    const remains = this.remains.get(cell);
    if (remains === undefined) return outcome;
    remains.isDetained = true;
    return DETAINED;
  }

  override outlived(cell: TaskCell<unknown>): (() => void) | undefined {
    if (cell.details !== SENT) return undefined;
    const remains = this.remains.get(cell) ?? { count: 0, isDetained: false };
    this.remains.set(cell, remains);
    remains.count += 1;
    return () => this.outlasted(cell, remains);
  }

  private outlasted(cell: TaskCell<unknown>, remains: Remains): void {
    remains.count -= 1;
    if (remains.count > 0) return;
    this.remains.delete(cell);
    if (!remains.isDetained) return;
    this.core.release(cell.slot);
    this.poke();
  }

  // ── Hearing how it ended ───────────────────────────────────────────────────────────────────────────────────────────

  private deliver(slot: number): number {
    const cell = this.remotes[slot];
    // One of a thread that used this record before.
    if (cell === undefined) return DELIVERED;
    this.remotes[slot] = undefined;
    this.outstanding -= 1;
    this.parking.noteDelivery();
    replaceContext(undefined);
    this.payloads.settle(cell, slot);
    cell.returned();
    return DELIVERED;
  }

  // ── Turns and sleep ────────────────────────────────────────────────────────────────────────────────────────────────

  override turn(
    drives: number | undefined,
    isDone: () => boolean,
  ): ReturnType<ThreadScheduler["turn"]> {
    this.duties.beforeTurn();
    return super.turn(drives, isDone);
  }

  protected override search(): boolean {
    // A runtime that is closed finds that out at its driver turn.
    if (this.closed || this.core.isClosed() !== 0) return false;
    const { outstanding } = this;
    const expects =
      outstanding === 0 ? EXPECTS_NOTHING : outstanding < LAZY_FROM ? EXPECTS_LITTLE : EXPECTS_MUCH;
    // Wakers that were called by name are the driver turn's, which comes next.
    return this.core.search(expects) !== 0 && this.core.hasSignals() === 0;
  }

  protected override afterDriver(): void {
    this.core.tidy();
    if (this.core.hasSignals() !== 0) this.sharedMemory().serve();
    this.settleLeases();
    if (!this.closed && this.core.isClosed() !== 0) this.closeThread();
  }

  /** Others see what receivers of this thread have taken. */
  settleLeases(): void {
    this.shared?.settleLeases();
  }

  /** The runtime was closed, by this thread or another. */
  protected closeThread(): void {
    this.cancelEverything();
    this.abandonRemotes();
  }

  /** Nobody will deliver their ends any more; what still comes is given back unread. */
  private abandonRemotes(): void {
    for (const cell of this.remotes) {
      cell?.cancelled();
      cell?.returned();
    }
    this.payloads.abandon();
  }

  override park(): void {
    if (this.closed && this.asyncCells.size === 0 && this.core.callsHere() === 0)
      this.duties.finished();
    super.park();
  }

  /** Workers block unless something is under way that only the event loop can end. */
  override mayBlock(): boolean {
    if (this.role === ROLE_CALLER || this.closed) return false;
    if (outstandingPromises() > 0 || this.asyncCells.size > 0 || this.io.size > 0) return false;
    if (this.payloads.isWaiting() || this.loading > 0 || owesElsewhere(this)) return false;
    return this.host.threads?.isLoopInUse() === false;
  }

  override block(limitMs: number | undefined): void {
    if (this.role === ROLE_BLOCKING)
      this.blockAtMost(limitMs, this.membership.settings.keepAliveMs);
    else this.parking.block(limitMs);
  }

  /**
   * A thread that is woken here is two calls away from the task that it was woken for; by way of the event loop it would be
   * twenty, of code that has gone cold. Hooks and timers that are due take that way.
   */
  protected override blockInTurn(): boolean {
    const { core, clock, options } = this;
    const { threadPark, threadUnpark } = options.hooks;
    if (threadPark !== undefined || threadUnpark !== undefined) return false;
    if (this.role !== ROLE_WORKER || !this.eventLoop.hasBreathed() || !this.mayBlock())
      return false;
    const tick = core.nextExpiryBound();
    const limitMs = tick < 0 ? undefined : clock.timeOf(tick) - clock.now();
    if (limitMs !== undefined && limitMs <= 0) return false;
    return this.parking.block(limitMs);
  }

  /** A thread of the blocking pool that is woken by nobody for so long has no call to run, and ends if it has no task left. */
  private blockAtMost(limitMs: number | undefined, keepAliveMs: number): void {
    const { core } = this;
    const start = this.host.now();
    this.parking.block(Math.min(limitMs ?? keepAliveMs, keepAliveMs));
    const isEarly = this.host.now() - start < keepAliveMs;
    const hasTasks = core.callsHere() > 0 || core.aliveHere() > 0 || this.outstanding > 0;
    if (isEarly || hasTasks || core.ready()) return;
    // Last: its end takes a turn, in which it may take no call any more.
    if (core.leavePool() !== 0) this.duties.idled();
  }

  override hasOtherThreads(): boolean {
    return this.duties.hasOtherThreads();
  }

  override blockInPlace<T>(fn: () => T): T {
    return blockInPlaceOn(this, fn);
  }

  override forBlocking(): MultiThread {
    return isBlockingAllowed() && this.isPolling() ? this.duties.beside(this.membership) : this;
  }

  override beginSleep(): boolean {
    // Nothing comes from elsewhere any more; what ends here pokes.
    if (this.closed) return true;
    return this.parking.sleep(this.lazyMs());
  }

  private lazyMs(): number {
    return this.parking.lazyMs(this.outstanding, this.closed);
  }

  override unpark(): void {
    this.parking.end();
    super.unpark();
  }

  /** Takes what has come by port too: the event loop is blocked for another runtime. */
  override serve(): void {
    if (this.isPolling()) return;
    this.duties.receive();
    this.duties.afterBlocking();
    super.serve();
  }

  override blockUntilWoken(): void {
    const tick = this.core.nextExpiryBound();
    const quiet = tick < 0 && !this.isBusy() && !owesElsewhere(this) && !this.core.ready();
    if (this.watch.isStuck(quiet) && !this.askTasks()) throw new DeadlockError(this.waitingTasks());
    if (this.core.ready()) return;
    if (tick < 0) this.blockFor(this.watch.isSuspected() ? SECOND_LOOK_MS : undefined);
    else this.blockFor(Math.max(0, this.clock.timeOf(tick) - this.clock.now()));
  }

  ownTasks(): number {
    let tasks = 0;
    for (const cell of this.cells) if (cell !== undefined) tasks += 1;
    return tasks;
  }

  /** Blocks until something has come for this thread, for at most `limitMs`. */
  blockFor(limitMs: number | undefined): void {
    this.duties.beforeTurn();
    const lazyMs = serveOthers(this) ? LAZY_MS : this.lazyMs();
    const most = this.duties.mostBlockedMs();
    const limit = Math.min(limitMs ?? most, lazyMs > 0 ? lazyMs : most);
    if (lazyMs > 0) this.host.park(limit);
    else this.block(limit);
    this.duties.receive();
    this.duties.afterBlocking();
  }

  override asyncSettled(cell: AsyncCell<unknown>): void {
    super.asyncSettled(cell);
    if (this.closed) this.eventLoop.poke();
  }

  /** Whether tasks are under way elsewhere whose end comes here. */
  hasOutstanding(): boolean {
    return this.outstanding > 0;
  }

  /** The same, or a task of another runtime on this thread waits for something in this memory. */
  isBusy(): boolean {
    if (this.outstanding > 0) return true;
    return this.shared?.isAwaited() === true && this.core.hasCompany() !== 0;
  }

  // ── Shared primitives ──────────────────────────────────────────────────────────────────────────────────────────────

  /** This thread's view of the memory; made when somebody asks for it. */
  override sharedMemory(): SharedMemory {
    this.shared ??= new SharedMemory(this.wasm, this.thread, this);
    return this.shared;
  }

  isShutDown(): boolean {
    return this.closed;
  }

  // ── The end, reports ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends this thread's part: its tasks are dropped, and those it has spawned elsewhere have ended for it. */
  override close(): void {
    super.close();
    this.abandonRemotes();
  }

  override metrics(): RuntimeMetrics {
    return this.duties.metrics();
  }

  get memoryBytes(): number {
    return this.core.usedPages() * 65536;
  }

  get ioHandles(): number {
    return this.io.size;
  }

  /** This thread's own tasks, and those it has spawned that run elsewhere. */
  override dump(): TaskDump[] {
    const tasks = super.dump();
    for (const cell of this.remotes) if (cell !== undefined) tasks.push(dumpLive(this.core, cell));
    return tasks.sort((a, b) => a.id - b.id);
  }

  /** The task in a slot as its spawner knows it, if that is this thread. */
  remoteAt(slot: number): TaskDump | undefined {
    const cell = this.remotes[slot];
    return cell && dumpLive(this.core, cell);
  }
}
