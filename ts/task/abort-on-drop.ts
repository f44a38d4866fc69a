// AbortOnDropHandle: a task that ends with its handle.

import { type Context, describeWait, Future, type Poll } from "../future/index.js";
import type { AbortHandle, JoinHandle } from "../runtime/task/join-handle.js";

/**
 * A handle whose disposal aborts its task: `using handle = new AbortOnDropHandle(spawn(worker, 1))`.
 *
 * Itself the future of the value, and unlike a `JoinHandle` owned by whoever waits with it: a `select` that it loses, a timeout that
 * elapses and a coroutine that is cancelled while it waits abort the task. Pass `borrow(handle)` to keep it.
 */
export class AbortOnDropHandle<T> extends Future<T> {
  private readonly handle: JoinHandle<T>;
  private detached = false;

  constructor(handle: JoinHandle<T>) {
    super();
    this.handle = handle;
  }

  /** The task's id. */
  get id(): number {
    return this.handle.id;
  }

  /** Asks for the task's end; see `JoinHandle.abort`. */
  abort(): void {
    this.handle.abort();
  }

  /** A handle that can only abort, and does so only when asked. */
  abortHandle(): AbortHandle {
    return this.handle.abortHandle();
  }

  /** Whether the task has ended, in whatever way. */
  isFinished(): boolean {
    return this.handle.isFinished();
  }

  /** Gives the task's own handle back; disposing this one does nothing from here on. */
  detach(): JoinHandle<T> {
    this.detached = true;
    return this.handle;
  }

  /** @throws {JoinError} when the task was cancelled or threw. */
  override poll(cx: Context): Poll<T> {
    return this.handle.poll(cx);
  }

  override waitsFor(): string {
    return describeWait(this.handle);
  }

  /** Aborts the task. Harmless when it has ended. */
  override [Symbol.dispose](): void {
    if (this.detached) return;
    this.handle[Symbol.dispose]();
    this.handle.abort();
  }
}
