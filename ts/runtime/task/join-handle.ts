// What `spawn` returns.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  proceed,
  requireContext,
  type Suspension,
  suspend,
  Waker,
} from "../../future/index.js";
import type { TaskCell, Waiter } from "./cell.js";

const NOBODY: Waker = /* @__PURE__ */ Waker.noop();

/** Can end a task and see whether it has ended; holds neither its value nor its error. */
export class AbortHandle {
  private readonly cell: TaskCell<unknown>;

  /** @internal */
  constructor(cell: TaskCell<unknown>) {
    this.cell = cell;
  }

  /** The task's id, unique within its runtime. */
  get id(): number {
    return this.cell.id;
  }

  /** Asks for the task's end; see {@link JoinHandle.abort}. */
  abort(): void {
    this.cell.cancel();
  }

  isFinished(): boolean {
    return this.cell.isFinished();
  }
}

/**
 * One wait for a task's end, and its place among all who wait. May be polled again after it has given the value: a task's
 * value stays.
 */
class Join<T> extends Future<T> implements Waiter {
  private readonly cell: TaskCell<T>;
  waker: Waker;
  before: Waiter | undefined;
  after: Waiter | undefined;

  constructor(cell: TaskCell<T>) {
    super();
    this.cell = cell;
    this.waker = NOBODY;
    this.before = undefined;
    this.after = undefined;
  }

  override poll(cx: Context): Poll<T> {
    const cell = this.cell;
    if (cell.isFinished()) return proceed(cx) ? cell.take() : Pending;
    this.waker = cx.waker;
    if (this.after === undefined) cell.addWaiter(this);
    return Pending;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  override waitsFor(): string {
    return this.cell.awaitedAs();
  }

  override [Symbol.dispose](): void {
    this.cell.removeWaiter(this);
  }
}

/**
 * A spawned task. `yield* handle` or `await handle` gives its value.
 *
 * Like a promise, and unlike other futures, a handle may be waited for by several tasks and any number of times. Letting
 * go of it detaches the task, which goes on; `abort()` ends it. Cancel-safe.
 */
export class JoinHandle<T> extends Future<T> {
  private readonly cell: TaskCell<T>;
  /** The wait of who polls the handle itself, by hand. */
  private own: Join<T> | undefined;

  /** @internal */
  constructor(cell: TaskCell<T>) {
    super();
    this.cell = cell;
    this.own = undefined;
  }

  /** The task's id: 1, 2, 3 … within its runtime. */
  get id(): number {
    return this.cell.id;
  }

  /**
   * Asks for the task's end. A task that waits is dropped at its next turn without another poll, running its `finally`
   * blocks; one that is being polled ends where it next waits; one that is about to finish may still give its value.
   * Aborting twice, or after the end, does nothing.
   */
  abort(): void {
    this.cell.cancel();
  }

  /** A handle that can only abort. */
  abortHandle(): AbortHandle {
    return new AbortHandle(this.cell as TaskCell<unknown>);
  }

  /** Whether the task has ended, in whatever way. */
  isFinished(): boolean {
    return this.cell.isFinished();
  }

  /** @throws {JoinError} when the task was cancelled or threw; its `cause` is what the task threw. */
  override poll(cx: Context): Poll<T> {
    this.own ??= new Join(this.cell);
    return this.own.poll(cx);
  }

  override waitsFor(): string {
    return this.cell.awaitedAs();
  }

  /** A wait of its own for each `yield*`, each combinator, each `borrow`. */
  override [Symbol.iterator](): Iterator<Suspension, T, void> {
    return new Join(this.cell)[Symbol.iterator]();
  }

  /** Detaches: the task goes on, and so do others who wait for it. */
  override [Symbol.dispose](): void {
    this.own?.[Symbol.dispose]();
    this.own = undefined;
  }

  /** @internal The task, for `await`: it is driven by its own runtime. */
  joined(): TaskCell<T> {
    return this.cell;
  }
}
