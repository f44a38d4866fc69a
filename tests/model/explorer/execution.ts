// Runs a model once, one step at a time, in the order that a strategy says.
//
// E1  A thread stops before each access that could matter and says what it is about to do; so whoever chooses knows the next
//     step of every thread. What a thread does between two stops nobody else can see, or it is a race (races.ts).
// E2  A call of Wasm is left (asyncify) only when another thread goes next. A thread that goes on returns from the hook.
// E3  Threads stop only before words that matter (shared-words.ts).
// E4  A thread that spins or pauses is not chosen while it would go round in vain (virtual-thread.ts), unless nobody else can
//     go on: then its loop may be one that ends by itself.

import {
  ANYTHING,
  access,
  addressOf,
  hookedAccess,
  kindOf,
  NOTIFY,
  READ,
  UPDATE,
  WAIT,
  WRITE,
} from "./access.js";
import { type CoreFunction, type Instance, Machine, type Observer } from "./machine.js";
import type { Body, Model, Operation } from "./model.js";
import { nameAddress } from "./names.js";
import { RaceDetector } from "./races.js";
import { ScheduleRecorder } from "./schedule.js";
import { SharedWords } from "./shared-words.js";
import { REDUNDANT, type Strategy } from "./strategies.js";
import { VirtualThread } from "./virtual-thread.js";

/** Far above what a run of a model takes: a run that gets there does not end. */
const MOST_STEPS = 5_000;

const NOBODY = -1;

/** Thrown out of a hook to end a run that is not worth going on with. */
const GIVE_UP = new Error("redundant");
/** Thrown out of a hook of the thread that dies. */
const DEATH = new Error("death");

export class Deadlock extends Error {
  override readonly name = "Deadlock";
}

export class Endless extends Error {
  override readonly name = "Endless";
}

export type Outcome =
  | { readonly kind: "passed" | "redundant" }
  | { readonly kind: "failed"; readonly reason: Error };

/** Is told what happens, for the trace of a failure. */
export interface Recorder {
  called(thread: number, name: string, args: readonly number[]): void;
  returned(thread: number, name: string, result: number): void;
  stepped(thread: number, access: number): void;
  preempted(thread: number): void;
  died(thread: number): void;
}

export class Execution implements Observer {
  readonly machine: Machine;
  readonly schedule = new ScheduleRecorder();
  readonly shared: SharedWords;
  recorder: Recorder | undefined;
  /** After how many of its events the thread dies that may die, and whether it has in a run since this was set. */
  death: number = Number.POSITIVE_INFINITY;
  hasDied = false;
  /** The most events that it has had in a run. */
  mostEvents = 0;

  private readonly model: Model;
  private readonly races: RaceDetector;
  private readonly threads: readonly VirtualThread[];
  /** What each thread is about to do. */
  private readonly pending: Float64Array;
  private strategy: Strategy | undefined;
  /** The threads run; else `setup` or `check` does, of which only stores are of interest. */
  private isRunning = false;
  /** The threads are being brought to their first stop. */
  private isPreparing = false;
  private isUnwinding = false;
  private isRewinding = false;
  /** Stop before every access: a replay counts them all. */
  private stopsEverywhere = false;
  private chosen = NOBODY;
  private steps = 0;
  /** Accesses that may have changed something. */
  private changes = 0;
  /** Of the thread that may die: shared accesses, operations, plain stores. */
  private events = 0;
  private isDead = false;
  /** The access just announced is carried out by the next plain hook of the same address: not a plain access. */
  private atomicAddress = -1;

  constructor(model: Model, module: WebAssembly.Module) {
    this.model = model;
    const count = model.threads.length;
    this.machine = new Machine(module, count, this);
    const words = this.machine.words.length;
    const racy = model.racy ?? [];
    this.races = new RaceDetector(count, this.machine.words, (address) => {
      const name = nameAddress(this.machine, address);
      return racy.some((part) => name.includes(part));
    });
    this.threads = this.machine.instances.map(
      (instance) => new VirtualThread(instance, this.machine.words),
    );
    this.pending = new Float64Array(count);
    this.shared = new SharedWords(words);
  }

  /** Runs the model once. With `stopsEverywhere` a step of the strategy is every access. */
  run(strategy: Strategy, stopsEverywhere = false): Outcome {
    this.strategy = strategy;
    this.stopsEverywhere = stopsEverywhere;
    this.begin();
    try {
      this.runThreads();
      return { kind: "passed" };
    } catch (error) {
      if (error === GIVE_UP) return { kind: "redundant" };
      return { kind: "failed", reason: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      this.isRunning = false;
    }
  }

  private begin(): void {
    this.machine.reset();
    this.races.begin();
    this.schedule.begin();
    this.strategy?.begin();
    this.isUnwinding = false;
    this.isRewinding = false;
    this.chosen = NOBODY;
    this.steps = 0;
    this.changes = 0;
    this.events = 0;
    this.isDead = false;
    this.atomicAddress = -1;
  }

  private runThreads(): void {
    const cores = this.machine.instances;
    const env = this.model.setup(cores);
    this.model.threads.forEach((body, index) => {
      this.threadAt(index).begin(body(cores[index] as Instance, env));
    });
    this.isRunning = true;
    this.isPreparing = true;
    for (let index = 0; index < this.threads.length; index++) this.advance(index);
    this.isPreparing = false;
    for (;;) {
      const next = this.chosen !== NOBODY ? this.chosen : this.chooseAny();
      if (next === NOBODY) break;
      this.chosen = NOBODY;
      this.advance(next);
    }
    this.isRunning = false;
    this.model.check(cores, env);
  }

  private threadAt(index: number): VirtualThread {
    return this.threads[index] as VirtualThread;
  }

  // ── Who goes next ──

  private isEnabled(index: number): boolean {
    const thread = this.threadAt(index);
    if (thread.state === "asleep") return this.isInterrupted(thread);
    if (thread.state === "ended") return false;
    switch (thread.operation?.kind) {
      case "until":
        return thread.operation.condition();
      case "pause":
        return thread.hasNews(this.changes);
      case "outlive":
        return this.threadAt(thread.operation.thread).state === "ended";
      default:
        return !thread.spinsInVain(this.pending[index] as number);
    }
  }

  private isInterrupted({ operation }: VirtualThread): boolean {
    return operation?.kind === "sleep" && operation.unless?.() === true;
  }

  private enabledThreads(): number {
    let enabled = 0;
    for (let index = 0; index < this.threads.length; index++)
      if (this.isEnabled(index)) enabled |= 1 << index;
    return enabled !== 0 ? enabled : this.spinningThreads();
  }

  /** Spinning may be bounded: with nobody else to go on, the loop does. */
  private spinningThreads(): number {
    let spinning = 0;
    this.threads.forEach((thread, index) => {
      const kind = thread.operation?.kind;
      if (thread.state === "stopped" && kind !== "until" && kind !== "outlive")
        spinning |= 1 << index;
    });
    return spinning;
  }

  private choose(current: number, enabled: number): number {
    const next = (this.strategy as Strategy).choose(current, enabled, this.pending);
    if (next === REDUNDANT) throw GIVE_UP;
    if (current !== NOBODY && next !== current) {
      this.schedule.preempt();
      this.recorder?.preempted(current);
    }
    return next;
  }

  /** The thread that went last has ended or cannot go on. */
  private chooseAny(): number {
    const enabled = this.enabledThreads();
    if (enabled !== 0) return this.choose(NOBODY, enabled);
    const waiting = this.threads.flatMap(({ state }, index) => (state === "ended" ? [] : [index]));
    if (waiting.length === 0) return NOBODY;
    const what = waiting.map((index) => `thread ${index} ${this.describeWaiting(index)}`);
    throw new Deadlock(`nobody can go on, a wake was lost: ${what.join(", ")}`);
  }

  private describeWaiting(index: number): string {
    const operation = this.threadAt(index).operation;
    if (operation?.kind !== "sleep")
      return `waits until ${operation?.kind === "until" ? operation.condition : "another has ended"}`;
    return `sleeps on ${nameAddress(this.machine, operation.address)}`;
  }

  /** Asked by a thread at its stop. If not, `chosen` is who goes instead, or nobody knows yet. */
  private mayGoOn(index: number): boolean {
    if (this.isPreparing) return false;
    if (this.steps > MOST_STEPS) throw new Endless(`no end after ${MOST_STEPS} steps`);
    const enabled = this.enabledThreads();
    if (enabled === 0) return false;
    const current = (enabled & (1 << index)) !== 0 ? index : NOBODY;
    const next = this.choose(current, enabled);
    if (next === index) return true;
    this.chosen = next;
    return false;
  }

  // ── A thread goes on ──

  /** Until it stops before an access or an operation, falls asleep, ends or dies. */
  private advance(index: number): void {
    try {
      this.goOn(index);
    } catch (error) {
      if (error !== DEATH) throw error;
      this.threadAt(index).state = "ended";
      this.isDead = true;
      this.hasDied = true;
      // A step of its own, so that a replay knows when.
      this.schedule.step(index);
      this.recorder?.died(index);
    }
  }

  private goOn(index: number): void {
    const thread = this.threadAt(index);
    let result = this.continue(index, thread);
    for (;;) {
      if (this.isUnwinding) {
        this.isUnwinding = false;
        thread.instance.stopUnwind();
        return;
      }
      if (thread.state === "asleep") return;
      if (thread.operation?.kind === "call")
        this.recorder?.returned(index, thread.operation.name, result);
      const { done, value } = (thread.body as Body).next(result);
      if (done === true) {
        thread.state = "ended";
        return;
      }
      thread.operation = value as Operation;
      if (value.kind === "call") result = this.start(index, thread, value.name, value.args);
      else if (this.stopBefore(index, value)) result = this.perform(index, thread, value);
      else return;
    }
  }

  private start(
    index: number,
    thread: VirtualThread,
    name: string,
    args: readonly number[],
  ): number {
    this.recorder?.called(index, name, args);
    thread.run = thread.instance.function(name);
    return thread.run(...args);
  }

  /** Takes up what the thread had stopped before. */
  private continue(index: number, thread: VirtualThread): number {
    const operation = thread.operation;
    if (operation === undefined) return 0;
    if (operation.kind !== "call") return this.perform(index, thread, operation);
    this.isRewinding = true;
    thread.instance.resume();
    return (thread.run as CoreFunction)(...operation.args);
  }

  /** True if the thread goes on at once. */
  private stopBefore(index: number, operation: Operation): boolean {
    this.pending[index] =
      operation.kind === "sleep" ? access(operation.address, WAIT) : access(0, ANYTHING);
    this.threadAt(index).forgetRepeats();
    return this.mayGoOn(index);
  }

  /** Anything but a call. A thread that was woken comes by a second time. */
  private perform(index: number, thread: VirtualThread, operation: Operation): number {
    const isAwake = kindOf(this.pending[index] as number) === ANYTHING;
    thread.state = "stopped";
    this.commit(index);
    if (operation.kind === "pause") thread.takeNote(this.changes);
    if (operation.kind === "outlive") {
      this.races.order(operation.thread, index);
      return this.isDead ? 1 : 0;
    }
    if (operation.kind === "sleep" && !isAwake) this.fallAsleep(index, thread, operation);
    return 0;
  }

  private fallAsleep(
    index: number,
    thread: VirtualThread,
    { address, expected }: Operation & { kind: "sleep" },
  ): void {
    if (this.machine.words[address >>> 2] !== expected) return;
    thread.state = "asleep";
    // What comes next is that it is awake again.
    this.pending[index] = access(0, ANYTHING);
    this.live(index);
  }

  // ── Steps ──

  /** One event more of the thread that may die, before it happens. */
  private live(index: number): void {
    if (index !== this.model.dies) return;
    this.mostEvents = Math.max(this.mostEvents, this.events + 1);
    if (this.events++ < this.death) return;
    if (this.model.mayDie?.(this.machine.instances) !== false) throw DEATH;
  }

  /** The thread now does what it was about to do. */
  private commit(index: number): void {
    this.live(index);
    const next = this.pending[index] as number;
    const kind = kindOf(next);
    this.steps++;
    this.schedule.step(index);
    this.recorder?.stepped(index, next);
    this.strategy?.committed(index, next, this.pending);
    if (kind === ANYTHING || kind === NOTIFY) return;
    const address = addressOf(next);
    if (kind === WRITE || kind === UPDATE) this.changes++;
    this.threadAt(index).commit(next);
    this.shared.touch(index, next);
    this.races.atomic(index, address, kind === WAIT ? access(address, READ) : next);
    if (kind !== READ) this.machine.mark(address);
    this.atomicAddress = kind === READ || kind === WRITE ? address : -1;
  }

  private stopsBefore(thread: VirtualThread, next: number): boolean {
    return this.stopsEverywhere || this.isPreparing || this.shared.has(next) || thread.spins();
  }

  // ── Hooks ──

  /** True if the access may be carried out now; false if the call is being left. */
  private arrive(index: number, next: number): boolean {
    if (this.isRewinding) {
      this.isRewinding = false;
      this.threadAt(index).instance.stopRewind();
      this.commit(index);
      return true;
    }
    const thread = this.threadAt(index);
    this.pending[index] = next;
    thread.arrive(next);
    if (this.stopsBefore(thread, next) && !this.mayGoOn(index)) {
      this.isUnwinding = true;
      thread.instance.suspend();
      return false;
    }
    if (this.steps > MOST_STEPS) throw new Endless(`no end after ${MOST_STEPS} steps`);
    this.commit(index);
    return true;
  }

  before(index: number, address: number, kind: number): void {
    if (this.isRunning) this.arrive(index, hookedAccess(address, kind));
    else this.machine.mark(address);
  }

  notify(index: number, address: number): number {
    if (!this.isRunning || !this.arrive(index, access(address, NOTIFY))) return 0;
    let woken = 0;
    this.threads.forEach((thread, other) => {
      const operation = thread.operation;
      if (thread.state !== "asleep" || operation?.kind !== "sleep" || operation.address !== address)
        return;
      thread.state = "stopped";
      this.races.order(index, other);
      woken++;
    });
    return woken;
  }

  /** The core sleeps by itself only in a thread that is about to be ended (threads/dismissal.ts): it is now. */
  wait(index: number): number {
    if (index !== this.model.dies) throw new Error("a thread stands down that nobody may end");
    throw DEATH;
  }

  plainRead(index: number, address: number, bytes: number): void {
    if (!this.isRunning) return;
    if (address === this.atomicAddress) this.atomicAddress = -1;
    else this.races.plain(index, address, bytes, false);
  }

  plainWrite(index: number, address: number, bytes: number): void {
    if (!this.isRunning) return;
    if (address === this.atomicAddress) {
      this.atomicAddress = -1;
      return;
    }
    this.live(index);
    this.races.plain(index, address, bytes, true);
  }
}
