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
  type Waker,
} from "../../future/index.js";
import type { TaskCell } from "./cell.js";

/** What a handle asks of the runtime of its task when it is awaited from outside. */
export interface HandleOwner {
  promiseFor<T>(cell: TaskCell<T>, take: (cell: TaskCell<T>) => T): Promise<T>;
}

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
 * A spawned task. `yield* handle` or `await handle` gives its value.
 *
 * Like a promise, and unlike other futures, a handle may be waited for by several tasks and any number of times. Letting
 * go of it detaches the task, which goes on; `abort()` ends it. Cancel-safe.
 */
export class JoinHandle<T> extends Future<T> {
  private readonly cell: TaskCell<T>;
  private waiting: Waker | undefined;

  /** @internal */
  constructor(cell: TaskCell<T>) {
    super();
    this.cell = cell;
    this.waiting = undefined;
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
    const cell = this.cell;
    if (!cell.isFinished()) {
      this.waiting = cx.waker;
      cell.addWaiter(cx.waker);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.waiting = undefined;
    return cell.take();
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  /** Detaches: the task goes on. */
  override [Symbol.dispose](): void {
    if (this.waiting !== undefined) this.cell.removeWaiter(this.waiting);
    this.waiting = undefined;
  }

  // biome-ignore lint/suspicious/noThenProperty: a handle is a thenable by contract.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const owner = this.cell.owner as unknown as HandleOwner;
    return owner.promiseFor(this.cell, takeValue<T>).then(onFulfilled, onRejected);
  }
}

function takeValue<T>(cell: TaskCell<T>): T {
  return cell.take();
}
