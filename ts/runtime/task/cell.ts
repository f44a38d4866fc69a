// A task as this thread knows it: the future, the output, and who waits for it. Its state word is in the core.
//
// C1  The cell is the task's waker and its context at once: polling and waking allocate nothing. (The context of a DrivenCell is made
//     with it, as it bears the id of the async function that awaits.)
// C2  `run` and `drop` are called only while the core has the task in state "running", never inside each other.
// C3  The future is gone before the output can be seen; the output is set once.
// C4  Nothing that a future, a waker or a hook throws leaves `run` or `drop`.

import {
  type Context,
  type Coroutine,
  type CoroutineFunction,
  describeWait,
  dropCoroutine,
  type Future,
  Pending,
  resume,
  Waker,
} from "../../future/index.js";
import { COMPLETED, type CoreExports, PENDING, YIELDED } from "../core/binding.js";
import { JoinError } from "./join-error.js";
import { titleOf } from "./title.js";

/** What a cell asks of the scheduler that owns it. */
export interface TaskOwner {
  readonly core: CoreExports;
  /** The cell in a slot. */
  cellAt(slot: number): TaskCell<unknown> | undefined;
  /** A task of this owner may have become ready from outside of its turn. */
  poke(): void;
  /** The cell has its output; its slot is given back right after. */
  ended(cell: TaskCell<unknown>): void;
  /** Somebody has seen how the cell ended, so its panic need not be printed. */
  observed(cell: TaskCell<unknown>): void;
  /**
   * Something of a task goes on although the task is dropped. Returns what is to be called at its end; undefined where nobody
   * waits for that.
   */
  outlived(cell: TaskCell<unknown>): (() => void) | undefined;
  /** A waker or a hook of the user's threw. */
  reportError(what: string, error: unknown): void;
}

/** What only some tasks have. */
export interface TaskDetails {
  readonly name?: string | undefined;
  /** Where it was spawned, as a stack; captured only when the runtime tracks spawn sites. */
  readonly site?: string | undefined;
  /** Takes the abort listener off an outside signal. */
  readonly release?: (() => void) | undefined;
  /** Not spawned by anybody: a main future, or what an `await` drives. Hooks do not hear of it. */
  readonly unhooked?: boolean;
  /** The scope it was spawned in; ts/task/nursery.ts knows what that is. */
  readonly scope?: object;
  /** Spawned on another thread, which hears how it ends. */
  readonly sent?: boolean;
}

export const UNHOOKED: TaskDetails = { unhooked: true };

/** Somebody who waits for a task's end: a place in the ring of all who do. */
export interface Waiter {
  waker: Waker;
  before: Waiter | undefined;
  after: Waiter | undefined;
}

const LIVE = 0;
const VALUE = 1;
const PANICKED = 2;
const CANCELLED = 3;
const LOST = 4;

/** Generations have 31 bits and are never 0: assembly/core/task.ts, T1. */
export function generationOf(id: number): number {
  return id % 0x7fffffff || 0x7fffffff;
}

export abstract class TaskCell<T> extends Waker implements Context {
  readonly owner: TaskOwner;
  readonly slot: number;
  readonly id: number;
  details: TaskDetails | undefined;
  private stage: number;
  /** Before the end: the first of those who wait, if any. After it: the value, or what was thrown. */
  private outcome: unknown;

  constructor(owner: TaskOwner, slot: number, id: number) {
    super();
    this.owner = owner;
    this.slot = slot;
    this.id = id;
    this.details = undefined;
    this.stage = LIVE;
    this.outcome = undefined;
  }

  get waker(): Waker {
    return this;
  }

  get core(): CoreExports {
    return this.owner.core;
  }

  get generation(): number {
    return generationOf(this.id);
  }

  /** The name of the function it runs, for reports. */
  abstract readonly label: string;

  /** Polls once; an outcome for the core. */
  abstract run(): number;

  /** What its last poll has left it waiting for, as far as the cell itself can tell. */
  waitsFor(): string | undefined {
    return undefined;
  }

  /** What somebody waits for who waits for this task. */
  awaitedAs(): string {
    return `the end of ${this.describe()}`;
  }

  override describe(): string {
    return titleOf({ id: this.id, name: this.details?.name, fn: this.label });
  }

  /** Has every poll, and the drop, run inside of `enter`. A property of its own: only some tasks pay for it. */
  runIn(enter: (<R>(callback: () => R) => R) | undefined): void {
    if (enter === undefined) return;
    const run = this.run.bind(this);
    const drop = this.drop.bind(this);
    this.run = (): number => enter(run);
    this.drop = (): number => enter(drop);
  }

  /** Drops the future. What it throws is the task's panic. */
  protected abstract dropBody(): void;

  override wake(): void {
    this.owner.core.wakeTask(this.slot, generationOf(this.id));
    this.owner.poke();
  }

  override wakeDeferred(): void {
    // During its own poll a yield is the outcome of that poll; from elsewhere it is a wake like any other.
    if (this.slot === pollingSlot && this.owner === pollingOwner) yielded = true;
    else this.wake();
  }

  cancel(): void {
    this.owner.core.cancelTask(this.slot, generationOf(this.id));
    this.owner.poke();
  }

  /** Ends the task without another poll. */
  drop(): number {
    try {
      this.dropBody();
      this.end(CANCELLED, undefined);
    } catch (error) {
      this.end(PANICKED, error);
    }
    return COMPLETED;
  }

  isFinished(): boolean {
    return this.stage !== LIVE;
  }

  /** Calls back when nothing of it runs any more: the end, except of an async function that was aborted. One callback a task. */
  whenReturned(callback: () => void): void {
    callback();
  }

  /** Whether it gave a value or threw, and was not cancelled. */
  hasOutput(): boolean {
    return this.stage === VALUE || this.stage === PANICKED;
  }

  isPanicked(): boolean {
    return this.stage === PANICKED;
  }

  /** What it threw. Only when it panicked. */
  panic(): unknown {
    return this.outcome;
  }

  /** The value. Only when it has ended. @throws {JoinError} */
  take(): T {
    if (this.stage === VALUE) return this.outcome as T;
    throw this.joinError();
  }

  /** The value of a task that is not known as one: throws what it threw. @throws {JoinError} if it was cancelled. */
  takeRaw(): T {
    if (this.stage !== PANICKED) return this.take();
    this.owner.observed(this as TaskCell<unknown>);
    throw this.outcome;
  }

  joinError(): JoinError {
    if (this.stage === PANICKED) this.owner.observed(this as TaskCell<unknown>);
    const panic = this.stage === PANICKED ? { cause: this.outcome } : undefined;
    return new JoinError(this.id, this.details?.name, panic, this.stage === LOST);
  }

  /** Wakes `waiter` at the end, which must not have come yet. In the order of joining. */
  addWaiter(waiter: Waiter): void {
    const first = this.outcome as Waiter | undefined;
    if (first === undefined) {
      waiter.before = waiter;
      waiter.after = waiter;
      this.outcome = waiter;
      return;
    }
    const last = first.before as Waiter;
    last.after = waiter;
    waiter.before = last;
    waiter.after = first;
    first.before = waiter;
  }

  /** Somebody waits no longer. Harmless for one that does not, and after the end. */
  removeWaiter(waiter: Waiter): void {
    const { before, after } = waiter;
    if (this.stage !== LIVE || before === undefined || after === undefined) return;
    before.after = after;
    after.before = before;
    if (this.outcome === waiter) this.outcome = after === waiter ? undefined : after;
    waiter.before = undefined;
    waiter.after = undefined;
  }

  protected completed(value: T): number {
    this.end(VALUE, value);
    return COMPLETED;
  }

  protected panicked(error: unknown): number {
    this.end(PANICKED, error);
    return COMPLETED;
  }

  /** The thread that ran it is gone. */
  protected lost(): void {
    this.end(LOST, undefined);
  }

  private end(stage: number, outcome: unknown): void {
    const first = this.outcome as Waiter | undefined;
    this.stage = stage;
    this.outcome = outcome;
    this.owner.ended(this as TaskCell<unknown>);
    if (first === undefined) return;
    let waiter = first;
    do {
      const after = waiter.after as Waiter;
      waiter.before = undefined;
      waiter.after = undefined;
      this.wakeWaiter(waiter.waker);
      waiter = after;
    } while (waiter !== first);
  }

  private wakeWaiter(waiter: Waker): void {
    try {
      waiter.wake();
    } catch (error) {
      this.owner.reportError("a waker threw", error);
    }
  }
}

// The task being polled on this thread, and whether its poll asked to be run again after the others. A slot and not a
// reference to the cell: storing a young object into a module's variable runs the collector's write barrier at every poll.
const NOBODY = -1;
let pollingSlot = NOBODY;
let pollingOwner: TaskOwner | undefined;
let yielded = false;

/** Which task was being polled, to be put back. */
export interface Polling {
  readonly owner: TaskOwner | undefined;
  readonly slot: number;
  readonly yielded: boolean;
}

/** Polls of `owner`'s tasks begin; returns what was under way, for {@link restorePolling}. */
export function replacePolling(owner: TaskOwner): Polling {
  const previous = { owner: pollingOwner, slot: pollingSlot, yielded };
  pollingOwner = owner;
  pollingSlot = NOBODY;
  return previous;
}

export function restorePolling(polling: Polling): void {
  pollingOwner = polling.owner;
  pollingSlot = polling.slot;
  yielded = polling.yielded;
}

/** Whether a scheduler of this thread has its turn. */
export function isTurning(): boolean {
  return pollingOwner !== undefined;
}

/** The task in `slot` is polled, or dropped, from here on. */
export function beginPoll(slot: number): void {
  pollingSlot = slot;
  yielded = false;
}

/** No task is polled from here on. */
export function endPoll(): void {
  pollingSlot = NOBODY;
}

/** The slot being polled or dropped on this thread and whose it is, or undefined. */
export function pollingTask(): { readonly owner: TaskOwner; readonly slot: number } | undefined {
  if (pollingOwner === undefined || pollingSlot === NOBODY) return undefined;
  return { owner: pollingOwner, slot: pollingSlot };
}

/** What a poll that returned Pending reports. */
export function pendingOutcome(): number {
  return yielded ? YIELDED : PENDING;
}

/** Of a coroutine that takes none; one array for all, since most take none. */
const NO_ARGUMENTS: readonly unknown[] = [];

/** Calls with few arguments one by one: spreading an array costs as much as the rest of a spawn. */
function callWith<T>(
  fn: CoroutineFunction<readonly unknown[], T>,
  args: readonly unknown[],
): Coroutine<T> {
  switch (args.length) {
    case 0:
      return fn();
    case 1:
      return fn(args[0]);
    case 2:
      return fn(args[0], args[1]);
    default:
      return fn(...args);
  }
}

/**
 * A task that runs a coroutine function. The function is called at the first poll: until then a task is its function and its
 * arguments, and the collector has no generator to copy.
 */
export class CoroutineCell<T> extends TaskCell<T> {
  private readonly fn: CoroutineFunction<readonly unknown[], T>;
  private args: readonly unknown[] | undefined;
  private coroutine: Coroutine<T> | undefined;

  constructor(
    owner: TaskOwner,
    slot: number,
    id: number,
    fn: CoroutineFunction<readonly unknown[], T>,
    args: readonly unknown[],
  ) {
    super(owner, slot, id);
    this.fn = fn;
    this.args = args.length === 0 ? NO_ARGUMENTS : args;
    this.coroutine = undefined;
  }

  get label(): string {
    return this.fn.name;
  }

  run(): number {
    try {
      const value = resume(this.coroutine ?? this.call());
      if (value === Pending) return pendingOutcome();
      this.coroutine = undefined;
      return this.completed(value);
    } catch (error) {
      this.coroutine = undefined;
      return this.panicked(error);
    }
  }

  private call(): Coroutine<T> {
    const args = this.args as readonly unknown[];
    this.args = undefined;
    const coroutine = callWith(this.fn, args);
    this.coroutine = coroutine;
    return coroutine;
  }

  protected dropBody(): void {
    const coroutine = this.coroutine;
    this.args = undefined;
    this.coroutine = undefined;
    // One that was never polled has never been called.
    if (coroutine !== undefined) dropCoroutine(coroutine);
  }
}

/** A task that runs a future. */
export class FutureCell<T> extends TaskCell<T> {
  private future: Future<T> | undefined;

  constructor(owner: TaskOwner, slot: number, id: number, future: Future<T>) {
    super(owner, slot, id);
    this.future = future;
  }

  get label(): string {
    return this.future?.constructor.name ?? "";
  }

  run(): number {
    return this.pollWith(this);
  }

  protected pollWith(cx: Context): number {
    try {
      const value = (this.future as Future<T>).poll(cx);
      if (value === Pending) return pendingOutcome();
      this.future = undefined;
      return this.completed(value);
    } catch (error) {
      this.future = undefined;
      return this.panicked(error);
    }
  }

  override waitsFor(): string | undefined {
    return this.future && describeWait(this.future);
  }

  protected dropBody(): void {
    const future = this.future as Future<T>;
    this.future = undefined;
    future[Symbol.dispose]();
  }
}
