// The owner's part of a multi_thread runtime: it starts the other threads, notices when one dies and clears up after it, and
// ends them. It lives on the thread that built the runtime, since a thread that starts another takes it along when it dies.
//
// P1  A record has one thread. A thread that has ended is first recovered, if it died, and then its record is free.
// P2  Threads are wanted through shared memory: whoever wants one raises a counter and wakes the owner, which looks at its
//     next turn, under `blockOn` too.
// P3  A thread that dies before it has run anything is replaced a few times and no more. One that was ended from here does not count.
// P4  A thread that is to be ended is stopped first, and ended when it has been seen outside of the core, of this memory and of every other
//     in which it takes part: a millisecond later, as a rule (assembly/core/threads/dismissal.ts).
// P5  What a thread has had in other memories is cleared up when it has ended, however that was.

import type { HostThread, HostThreads } from "../../../host/types.js";
import { decode } from "../../../send/codec.js";
import { type SendableInfo, sendableInfo } from "../../../send/sendable.js";
import {
  createSharedCore,
  MOST_THREADS,
  ROLE_BLOCKING,
  ROLE_CALLER,
  ROLE_WORKER,
  setUpCore,
  type ThreadsExports,
} from "../../core/binding.js";
import { LimitError, NoThreadsError, WorkerStartError } from "../../errors.js";
import type { RuntimeMetrics } from "../../metrics.js";
import type { Hooks, RuntimeOptions } from "../../options.js";
import { textOf } from "../../panics.js";
import type { TaskDump } from "../../reports.js";
import type { TaskCell, TaskDetails } from "../../task/cell.js";
import { forget, remember, threadKeeper } from "./attached.js";
import { attachBeside } from "./attachments.js";
import { mayEndIn, partsAfter, Remains } from "./guests.js";
import {
  DYING,
  type GuestPart,
  type HookPlace,
  IN_ORDER,
  type Membership,
  type Parcel,
  type PortLetter,
  type ThreadStart,
} from "./membership.js";
import { LOOK_AROUND_MS, MultiThread, type ThreadDuties } from "./multi-thread.js";
import { poolMetrics } from "./pool-metrics.js";
import { ThreadTrace } from "./thread-trace.js";

/** How often in a row a thread may die before it has run anything. */
const MOST_FALSE_STARTS = 3;
const SWEEP_MS = 5;
/** Between two looks at a thread that is being ended; the first is as long after the stop (X3 of the core's dismissal.ts). */
const LOOK_AGAIN_MS = 1;
/** A thread that has not come out of the core by then never will: it spins for something that nobody gives. A guess, far above any delay. */
const MOST_INSIDE_MS = 2_000;
/** How often a thread that is blocked looks whether others have died. */
const LOOK_MS = 100;
/** How many tasks may block in place at once before fewer workers work. */
const MOST_SUBSTITUTES = 64;

interface Started {
  readonly host: HostThread;
  readonly role: number;
  readonly farewell: Int32Array;
  /** What its record had counted when it was started: a record goes on counting for the next thread. */
  readonly pollsBefore: number;
  /** What it takes part in besides. */
  guestParts: readonly GuestPart[];
  /** It was stopped, to be ended. */
  isEnding: boolean;
}

/** A thread that has been stopped. */
interface Ending {
  readonly started: Started;
  readonly stoppedMs: number;
  lookedMs: number;
}

let runtimes = 0;

export class ThreadPool implements ThreadDuties {
  readonly caller: Owner;
  private readonly options: RuntimeOptions;
  private readonly host: HostThreads;
  private readonly core: ThreadsExports;
  private readonly membership: Membership;
  private readonly workers: number;
  private readonly threads = new Map<number, Started>();
  /** Threads that have been stopped and not been seen outside of the core yet. */
  private readonly ending = new Map<number, Ending>();
  private readonly remains: Remains;
  private readonly trace: ThreadTrace | undefined;
  private nextWorker = 0;
  private lookedMs = 0;
  private falseStarts = 0;
  private lostWorkers = 0;
  private closing = false;
  private started = false;
  private endedWaiters: (() => void)[] = [];

  /**
   * @param lazy start the workers when the first task is sent to them, and not at once.
   * @throws {NoThreadsError} where there are no threads.
   */
  constructor(options: RuntimeOptions, workers: number, lazy: boolean) {
    const { threads } = options.host;
    if (threads === undefined) throw new NoThreadsError(options.host.name);
    this.options = options;
    this.host = threads;
    this.remains = new Remains(options.host);
    this.workers = workers;
    const shared = createSharedCore();
    runtimes += 1;
    const id = `${options.host.entropy().toString(36)}-${runtimes}`;
    this.membership = { id, shared, settings: settingsOf(options) };
    this.caller = this.newCaller(shared);
    this.core = this.caller.core;
    if (!lazy) this.startWorkers();
    this.trace = ThreadTrace.fromEnvironment(options, () => this.traceLine());
    this.caller.start();
  }

  private newCaller(shared: Membership["shared"]): Owner {
    const { options, workers } = this;
    const record = claimCaller(shared, workers, this.host.cores, options);
    threadKeeper()?.joins({ membership: this.membership, record });
    const caller = new Owner(options, this.membership, record, this);
    caller.core.becomeOwner();
    remember(caller);
    return caller;
  }

  // ── Starting ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private startWorkers(): void {
    this.started = true;
    for (let worker = 0; worker < this.workers; worker++) this.startThread(worker, ROLE_WORKER);
  }

  beforeSpawn(): void {
    if (!this.started && !this.closing) this.startWorkers();
  }

  hasOtherThreads(): boolean {
    return this.threads.size > 0;
  }

  beside(membership: Membership): MultiThread {
    return attachBeside(membership);
  }

  private startThread(thread: number, role: number): void {
    const farewell = new Int32Array(new SharedArrayBuffer(4));
    const { options } = this;
    const start: ThreadStart = {
      membership: this.membership,
      thread,
      role,
      preload: role === ROLE_WORKER ? options.preload : [],
      hooks: placesOf(options.hooks),
      farewell,
    };
    const pollsBefore = this.core.pollsOf(thread);
    const host = this.host.start(
      {
        name: nameOf(options, thread, role),
        entry: options.workerEntry,
        stackBytes: options.stackBytes,
        data: start,
      },
      {
        onMessage: (letter) => this.onLetter(letter as PortLetter),
        onExit: (code, error) => this.onExit(thread, started, code, error),
      },
    );
    const started: Started = {
      host,
      role,
      farewell,
      pollsBefore,
      guestParts: [],
      isEnding: false,
    };
    this.threads.set(thread, started);
    this.callHook(options.hooks.threadStart, thread);
  }

  /** Threads that are dying and have said so, where the event loop cannot tell. */
  afterBlocking(): void {
    for (const [thread, ending] of this.ending) this.endIfOutside(thread, ending);
    if (this.options.host.now() - this.lookedMs >= LOOK_MS) this.lookForDeaths();
    this.beforeTurn();
  }

  mostBlockedMs(): number {
    return this.ending.size > 0 ? LOOK_AGAIN_MS : LOOK_AROUND_MS;
  }

  private lookForDeaths(): void {
    this.lookedMs = this.options.host.now();
    for (const [thread, started] of [...this.threads])
      if (Atomics.load(started.farewell, 0) === DYING || !started.host.isAlive()) {
        this.receiveFrom(started.host);
        this.onExit(thread, started, 1, undefined);
      }
    // Its own timer does not come while this thread is blocked.
    this.remains.clearUp([]);
  }

  /** P2. */
  beforeTurn(): void {
    if (this.closing || this.core.hasWanted() === 0) return;
    for (let wanted = this.core.takeWanted(); wanted > 0; wanted--) this.startBlocking();
    this.startSubstitutes(this.core.takeWantedSubstitutes());
  }

  private startBlocking(): void {
    const thread = this.core.claimAny();
    if (thread < 0) {
      this.core.forgetBlocking();
      return;
    }
    this.core.startBegun(thread);
    this.startThread(thread, ROLE_BLOCKING);
  }

  /** The records from `workers` on are kept for these. One that is there is off duty until it is needed. */
  private startSubstitutes(count: number): void {
    for (let thread = this.workers; thread < this.workers + count; thread++)
      if (this.core.claimRecord(thread) !== 0) this.startThread(thread, ROLE_WORKER);
  }

  // ── Dying and ending ───────────────────────────────────────────────────────────────────────────────────────────────

  private onExit(thread: number, started: Started, code: number, error: unknown): void {
    // One that said under `blockOn` that it was dying has been seen to.
    if (this.threads.get(thread) !== started) return;
    this.threads.delete(thread);
    this.ending.delete(thread);
    if (Atomics.load(started.farewell, 0) === IN_ORDER) this.core.retire(thread);
    else this.recover(thread, started, code, error);
    if (started.role === ROLE_BLOCKING) this.core.forgetBlocking();
    this.remains.clearUp(started.guestParts);
    // Its tasks have ended here, and no event of the loop says so.
    this.caller.poke();
    this.callHook(this.options.hooks.threadStop, thread);
    if (this.threads.size === 0) for (const ended of this.endedWaiters.splice(0)) ended();
  }

  /** P1. What the thread was doing is lost; everything else goes on. */
  private recover(thread: number, started: Started, code: number, error: unknown): void {
    const ranNothing = this.core.pollsOf(thread) === started.pollsBefore;
    const lost = this.core.recover(thread);
    this.lostWorkers += 1;
    this.caller.payloads.threadLost(thread);
    this.sweepLater(thread);
    if (this.closing) return;
    const what = error === undefined ? `ended with exit code ${code}` : "died";
    this.caller.reportError(
      `thread ${thread} ${what}, ${lost === 1 ? "1 task was" : `${lost} tasks were`} lost with it`,
      error ?? "(no error)",
    );
    this.callLostHook(thread, error);
    if (!started.isEnding) this.falseStarts = ranNothing ? this.falseStarts + 1 : 0;
    if (this.falseStarts > MOST_FALSE_STARTS) this.giveUp(error);
    else if (started.role === ROLE_WORKER && this.core.claimRecord(thread) !== 0)
      this.startThread(thread, ROLE_WORKER);
  }

  /** A wake that was under way when its thread died comes late, and is looked for until it has come. */
  private sweepLater(thread: number): void {
    if (this.threads.has(thread) || this.core.sweep(thread) === 0) return;
    this.options.host.setBackgroundTimer(() => {
      this.sweepLater(thread);
      this.caller.poke();
    }, SWEEP_MS);
  }

  private giveUp(cause: unknown): void {
    this.caller.failRuntime(
      new WorkerStartError(
        `the worker threads of this runtime die before they have run anything (${this.falseStarts} in a row): see the cause`,
        { cause },
      ),
    );
  }

  /** Ends a thread wherever it is, for instance in a loop without an end; its tasks are lost and another takes its place. */
  terminate(thread: number): boolean {
    const started = this.threads.get(thread);
    if (started !== undefined) this.end(thread, started);
    return started !== undefined;
  }

  /** P4. Stops it; what follows comes by a timer, or after the next time that this thread was blocked. */
  private end(thread: number, started: Started): void {
    if (this.threads.get(thread) !== started || this.ending.has(thread)) return;
    const now = this.options.host.now();
    const ending: Ending = { started, stoppedMs: now, lookedMs: now };
    this.ending.set(thread, ending);
    started.isEnding = true;
    this.mayEnd(thread, started);
    this.lookLater(thread, ending);
  }

  private lookLater(thread: number, ending: Ending): void {
    this.options.host.setBackgroundTimer(() => {
      this.endIfOutside(thread, ending);
      if (this.ending.get(thread) === ending) this.lookLater(thread, ending);
    }, LOOK_AGAIN_MS);
  }

  private endIfOutside(thread: number, ending: Ending): void {
    if (this.ending.get(thread) !== ending) return;
    const now = this.options.host.now();
    if (now - ending.lookedMs < LOOK_AGAIN_MS) return;
    ending.lookedMs = now;
    const { started, stoppedMs } = ending;
    if (!this.mayEnd(thread, started) && now - stoppedMs < MOST_INSIDE_MS) return;
    this.ending.delete(thread);
    started.host.terminate();
  }

  /** A thread that is stopped here takes part in nothing more than what it has written of. Partner: StartedThread.joins. */
  private mayEnd(thread: number, started: Started): boolean {
    if (this.core.dismiss(thread) === 0) return false;
    this.receiveFrom(started.host);
    return started.guestParts.every(mayEndIn);
  }

  /** Tells every thread to end; each drops its tasks first. */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.trace?.stop();
    this.core.close();
    this.core.clearClosed();
    this.dismissNewcomers();
  }

  /** Threads that have not begun have nothing to end, and are not waited for until they have. */
  private dismissNewcomers(): void {
    for (const [thread, started] of this.threads) {
      if (this.core.hasBegun(thread) !== 0) continue;
      Atomics.store(started.farewell, 0, IN_ORDER);
      this.end(thread, started);
    }
  }

  /** Resolves when all threads have ended, or after `limitMs`: then with what they were running, and they are terminated. */
  ended(limitMs: number | undefined): Promise<TaskDump[]> {
    if (this.threads.size === 0) return Promise.resolve([]);
    const { host } = this.options;
    const release = host.keepAlive();
    return new Promise((resolve) => {
      const finish = (stuck: TaskDump[]): void => {
        release();
        resolve(stuck);
      };
      const giveUp = (): void => {
        const stuck = this.stuckTasks();
        for (const [thread, started] of this.threads) this.end(thread, started);
        finish(stuck);
      };
      const timer = limitMs === undefined ? undefined : host.setTimer(giveUp, limitMs);
      this.endedWaiters.push(() => {
        if (timer !== undefined) host.clearTimer(timer);
        finish([]);
      });
    });
  }

  private stuckTasks(): TaskDump[] {
    return [...this.threads.keys()].flatMap((thread) => {
      const slot = this.core.currentOf(thread);
      if (slot < 0) return [];
      return [this.caller.remoteAt(slot) ?? this.unknownTask(slot)];
    });
  }

  /** A task that another thread has spawned. */
  private unknownTask(slot: number): TaskDump {
    const fn = this.caller.functions.labelOf(this.core.functionOf(slot));
    return {
      id: this.core.idOf(slot),
      name: undefined,
      fn,
      state: "running",
      polls: 1,
      site: undefined,
      waitsFor: undefined,
    };
  }

  finished(): void {}

  idled(): void {}

  // ── Letters ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private onLetter(letter: PortLetter): void {
    if (letter.kind === "failed") {
      const cause = decode(letter.cause, letter.cause.length);
      this.caller.failRuntime(new WorkerStartError(letter.message, { cause }));
    } else if (letter.kind === "want") {
      this.onWanted(letter.slot, letter.from);
    } else if (letter.kind === "joins" || letter.kind === "leaves") {
      const started = this.threads.get(letter.from);
      if (started !== undefined) started.guestParts = partsAfter(started.guestParts, letter);
    } else if (letter.kind === "payload" && letter.to === this.caller.thread) {
      this.caller.payloads.receive(letter.slot, letter.value);
    } else if (letter.kind === "payload") {
      this.send(letter.slot, letter.to, letter.value);
    }
  }

  private onWanted(slot: number, from: number): void {
    const parcel = this.caller.payloads.give(slot);
    if (parcel !== undefined) {
      this.send(slot, from, parcel);
      return;
    }
    const spawner = this.threads.get(this.core.joinerOf(slot));
    spawner?.host.post({ kind: "want", slot, from } satisfies PortLetter, []);
  }

  send(slot: number, to: number, value: Parcel): void {
    const letter: PortLetter = { kind: "payload", slot, to, value };
    this.threads.get(to)?.host.post(letter, value.transfer);
    this.core.unpark(to);
  }

  /** Results by port are sent when they are there. */
  request(): void {}

  receive(): void {
    for (const { host } of this.threads.values()) this.receiveFrom(host);
  }

  private receiveFrom(host: HostThread): void {
    for (let letter = host.receive(); letter !== undefined; letter = host.receive())
      this.onLetter(letter as PortLetter);
  }

  chooseWorker(): number | undefined {
    if (this.workers === 0) return undefined;
    this.nextWorker = (this.nextWorker + 1) % this.workers;
    return this.threads.has(this.nextWorker) ? this.nextWorker : undefined;
  }

  // ── Hooks and reports ──────────────────────────────────────────────────────────────────────────────────────────────

  private callHook(hook: ((thread: number) => void) | undefined, thread: number): void {
    if (hook === undefined || sendableInfo(hook) !== undefined) return;
    try {
      hook(thread);
    } catch (error) {
      this.caller.reportError("a thread hook threw", error);
    }
  }

  private callLostHook(thread: number, error: unknown): void {
    const { workerLost } = this.options.hooks;
    if (workerLost !== undefined) this.callHook(() => workerLost(thread, error), thread);
  }

  metrics(): RuntimeMetrics {
    return poolMetrics(this.core, this.caller, this.workers, () => this.lostWorkers);
  }

  private traceLine(): string {
    const { core, workers } = this;
    const queues = Array.from({ length: workers }, (_, worker) => core.ringLengthOf(worker));
    const idle = Array.from({ length: workers }, (_, worker) => core.isThreadParked(worker)).filter(
      Boolean,
    ).length;
    return (
      `workers=${workers} idle=${idle} searching=${core.searchers()} threads=${this.threads.size} ` +
      `alive=${core.aliveTasks()} injector=${core.injectorLength()} blocking=${core.blockingThreads()} ` +
      `blockingqueue=${core.blockingLength()} timers=${core.aliveTimers()} [${queues.join(" ")}]`
    );
  }

  // ── As the blocking pool of a current_thread runtime ───────────────────────────────────────────────────────────────

  spawnBlocking(
    info: SendableInfo,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<unknown> {
    return this.caller.spawnSendable(info, args, true, details);
  }
}

/** The part of the thread that built the runtime: closing it closes everything. */
export class Owner extends MultiThread {
  private readonly pool: ThreadPool;

  constructor(options: RuntimeOptions, membership: Membership, thread: number, pool: ThreadPool) {
    super(options, membership, thread, ROLE_CALLER, pool);
    this.pool = pool;
  }

  override close(): void {
    this.pool.close();
    super.close();
    forget(this);
    threadKeeper()?.leaves(this.membership.id, this.thread);
  }

  override async settled(limitMs: number | undefined): Promise<TaskDump[]> {
    const [own, others] = await Promise.all([super.settled(limitMs), this.pool.ended(limitMs)]);
    // Ends that came after everything here had been dropped: their slots are given back.
    this.serve();
    return [...own, ...others];
  }

  override terminateWorker(worker: number): boolean {
    return this.pool.terminate(worker);
  }

  private reportFailure(error: Error): void {
    this.host.report(`tokiwa: the runtime is shut down: ${textOf(error)}`);
  }

  /** Nothing of this runtime can go on: whoever waits is told why. */
  failRuntime(error: Error): void {
    if (this.unhandled === undefined) this.reportFailure(error);
    this.unhandled ??= error;
    this.close();
  }
}

export function newMultiThread(options: RuntimeOptions, workers: number, lazy: boolean): Owner {
  return new ThreadPool(options, workers, lazy).caller;
}

function settingsOf(options: RuntimeOptions): Membership["settings"] {
  const { name, eventInterval, lifo, maxTasks, maxTimers, io, time } = options;
  const { unhandledPanic, trackSpawnSites, captureContext, keepAliveMs } = options;
  return {
    name,
    eventInterval,
    lifo,
    maxTasks,
    maxTimers,
    io,
    time,
    unhandledPanic,
    trackSpawnSites,
    captureContext,
    keepAliveMs,
  };
}

/** Sets the memory up and takes the owner's record; the workers', and as many for substitutes, come before it. */
function claimCaller(
  shared: Membership["shared"],
  workers: number,
  cores: number,
  options: RuntimeOptions,
): number {
  const core = setUpCore(shared, workers, MOST_SUBSTITUTES, cores, options);
  for (let worker = 0; worker < workers; worker++) core.claimRecord(worker);
  const record = core.claimAny();
  if (record < 0) throw new LimitError("thread", MOST_THREADS);
  return record;
}

function nameOf(options: RuntimeOptions, thread: number, role: number): string {
  const name = options.threadName ?? "tokiwa-worker";
  return role === ROLE_BLOCKING ? `${name}-blocking-${thread}` : `${name}-${thread}`;
}

/** Hooks that are sendable functions run on the threads themselves. */
function placesOf(hooks: Hooks): { readonly [hook: string]: HookPlace } {
  const places: { [hook: string]: HookPlace } = {};
  for (const [name, hook] of Object.entries(hooks)) {
    const info = sendableInfo(hook);
    if (info !== undefined) places[name] = { url: info.url, name: info.name };
  }
  return places;
}
