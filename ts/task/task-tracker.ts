// TaskTracker: counts tasks, so that a shutdown can wait for the last of them. Keeps none of their values.
//
// T1  A task is counted from its spawn until nothing of it runs any more; a future from `trackFuture` until it is dropped or
//     has completed; a token until it is disposed.
// T2  `wait` completes when the tracker has been closed and empty at any moment since `wait` was called, be it that it was
//     reopened, or something spawned, before the wait was polled again.

import {
  type Context,
  describeWait,
  Future,
  type IntoFuture,
  intoFuture,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  WakerSet,
} from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";
import {
  type SpawnAfter,
  type SpawnBlockingAfter,
  type SpawnBlockingFunction,
  type SpawnFunction,
  spawnOn,
} from "../runtime/spawning.js";
import type { TaskCell } from "../runtime/task/cell.js";
import { JoinHandle } from "../runtime/task/join-handle.js";
import {
  type BlockingSpawner,
  type Spawner,
  startBlocking,
  startBlockingOn,
  startOn,
} from "./spawn-into.js";
import { TrueEnd } from "./true-end.js";

/** What a tracker counts, and who waits for it to be done. */
class Count {
  tracked = 0;
  closed = false;
  /** How often it has become closed and empty (T2). */
  completions = 0;
  readonly waiting: WakerSet = new WakerSet();

  leave(): void {
    this.tracked -= 1;
    this.completeIfDone();
  }

  isDone(): boolean {
    return this.closed && this.tracked === 0;
  }

  completeIfDone(): void {
    if (!this.isDone()) return;
    this.completions += 1;
    this.waiting.wakeAll();
  }
}

class TrackedTask extends TrueEnd {
  private readonly count: Count;

  constructor(cell: TaskCell<unknown>, count: Count) {
    super(cell);
    this.count = count;
  }

  protected override ended(): void {
    this.count.leave();
  }
}

class TrackedFuture<T> extends Future<T> {
  private readonly inner: Future<T>;
  private count: Count | undefined;

  constructor(inner: Future<T>, count: Count) {
    super();
    this.inner = inner;
    this.count = count;
    count.tracked += 1;
  }

  override poll(cx: Context): Poll<T> {
    if (this.count === undefined) throw new PolledAfterCompletionError("trackFuture()");
    let ended = true;
    try {
      const value = this.inner.poll(cx);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this.leave();
    }
  }

  private leave(): void {
    const { count } = this;
    this.count = undefined;
    count?.leave();
  }

  override waitsFor(): string {
    return describeWait(this.inner);
  }

  override [Symbol.dispose](): void {
    if (this.count === undefined) return;
    try {
      this.inner[Symbol.dispose]();
    } finally {
      this.leave();
    }
  }
}

/** Keeps its tracker from being empty until it is disposed: `using token = tracker.token()`. */
export class TrackerToken implements Disposable {
  private readonly count: Count;
  private held: boolean;

  /** @internal */
  constructor(count: Count) {
    this.count = count;
    this.held = true;
    count.tracked += 1;
  }

  /** Another one for the same tracker, counted by itself; this one may be disposed already. */
  clone(): TrackerToken {
    return new TrackerToken(this.count);
  }

  [Symbol.dispose](): void {
    if (!this.held) return;
    this.held = false;
    this.count.leave();
  }
}

class Wait extends Future<void> {
  private readonly count: Count;
  private readonly born: number;
  private done = false;

  constructor(count: Count) {
    super();
    this.count = count;
    this.born = count.completions;
  }

  override poll(cx: Context): Poll<void> {
    const { count } = this;
    if (this.done) throw new PolledAfterCompletionError("TaskTracker.wait()");
    if (!count.isDone() && count.completions === this.born) {
      count.waiting.set(this, cx.waker);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this[Symbol.dispose]();
  }

  override waitsFor(): string {
    const { closed, tracked } = this.count;
    return `TaskTracker.wait(), ${tracked} tracked${closed ? "" : ", not closed"}`;
  }

  override [Symbol.dispose](): void {
    this.done = true;
    this.count.waiting.delete(this);
  }
}

/**
 * Counts tasks, for a graceful shutdown: `close()` it once nothing more will be spawned, cancel what is to end, and `wait()`.
 *
 * Unlike a `JoinSet` it keeps no values, so a server may spawn into it for ever; and letting go of it aborts nothing.
 */
export class TaskTracker {
  private readonly count = new Count();

  /**
   * Spawns a task that is counted until nothing of it runs any more: for an async function that was aborted, until it has come
   * to its end by itself. As the function `spawn`, and throws what that throws.
   *
   * A closed tracker takes tasks too.
   */
  readonly spawn: SpawnFunction;
  /** The same on another runtime: `tracker.spawnOn(handle, worker, 1)`, where `handle` is a `Handle` or a `Runtime`. */
  readonly spawnOn: SpawnAfter<[spawner: Spawner]>;
  /** The same on the blocking pool. */
  readonly spawnBlocking: SpawnBlockingFunction;
  /** The same on the blocking pool of another runtime. */
  readonly spawnBlockingOn: SpawnBlockingAfter<[spawner: BlockingSpawner]>;

  constructor() {
    const spawn = (target: unknown, ...args: unknown[]): JoinHandle<unknown> =>
      this.track(spawnOn(currentScheduler("TaskTracker.spawn"), spawn, target, args));
    this.spawn = spawn as SpawnFunction;
    const elsewhere = (
      spawner: Spawner,
      target: unknown,
      ...args: unknown[]
    ): JoinHandle<unknown> => this.track(startOn(spawner, elsewhere, target, args));
    this.spawnOn = elsewhere as SpawnAfter<[Spawner]>;
    const blocking = (fn: unknown, ...args: unknown[]): JoinHandle<unknown> =>
      this.track(startBlocking(blocking, fn, args));
    this.spawnBlocking = blocking as SpawnBlockingFunction;
    const blockingElsewhere = (
      spawner: BlockingSpawner,
      fn: unknown,
      ...args: unknown[]
    ): JoinHandle<unknown> => this.track(startBlockingOn(spawner, blockingElsewhere, fn, args));
    this.spawnBlockingOn = blockingElsewhere as SpawnBlockingAfter<[BlockingSpawner]>;
  }

  private track(cell: TaskCell<unknown>): JoinHandle<unknown> {
    this.count.tracked += 1;
    new TrackedTask(cell, this.count).watch();
    return new JoinHandle(cell);
  }

  /**
   * A future that is counted from now until it has completed or is dropped. Does not spawn it.
   *
   * @throws {NotAFutureError} at the call. Cancel-safe if `future` is.
   */
  trackFuture<T>(future: IntoFuture<T>): Future<T> {
    return new TrackedFuture(intoFuture(future, "trackFuture(future)"), this.count);
  }

  /** Counts as a task until it is disposed. */
  token(): TrackerToken {
    return new TrackerToken(this.count);
  }

  /**
   * Waits until the tracker is closed and empty; whoever waits hears of every such moment from the call on, however short it
   * was. Cancel-safe.
   */
  wait(): Future<void> {
    return new Wait(this.count);
  }

  /** From here on `wait` completes when the tracker is empty. Returns whether it was open. */
  close(): boolean {
    const { count } = this;
    if (count.closed) return false;
    count.closed = true;
    count.completeIfDone();
    return true;
  }

  /** Takes `close` back. Returns whether it was closed. */
  reopen(): boolean {
    const { count } = this;
    const wasClosed = count.closed;
    count.closed = false;
    return wasClosed;
  }

  isClosed(): boolean {
    return this.count.closed;
  }

  /** How many tasks, futures and tokens are counted. */
  len(): number {
    return this.count.tracked;
  }

  isEmpty(): boolean {
    return this.count.tracked === 0;
  }
}
