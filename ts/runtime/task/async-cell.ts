// A task that runs an async function. The engine owns its frame, so it cannot be dropped midway: an abort settles the
// handle at once, fires the function's signal, and makes what it awaits of this library reject.

import {
  type AsyncContext,
  assertLoopRuns,
  type Coroutine,
  CoroutineFuture,
  describeWaits,
  isCoroutine,
  NotAFutureError,
  Pending,
  type Poll,
} from "../../future/index.js";
import type { Host } from "../../host/types.js";
import { PENDING } from "../core/binding.js";
import { DeadlockError } from "../errors.js";
import { TaskCell, type TaskOwner } from "./cell.js";
import { JoinError } from "./join-error.js";

/** What an async task's owner keeps track of besides. */
export interface AsyncOwner extends TaskOwner {
  readonly host: Host;
  /** The function has been called. */
  asyncStarted(cell: AsyncCell<unknown>): void;
  /** The function's promise has settled. */
  asyncSettled(cell: AsyncCell<unknown>): void;
}

/** Something that an async function awaits and that can be given up. */
export interface Awaited {
  abandon(error: unknown): void;
  /** What it is, for reports. */
  waitsFor(): string;
}

type AsyncCall<T> = (...args: unknown[]) => PromiseLike<T>;

class TaskSignal implements AsyncContext {
  private controller: AbortController | undefined;
  private reason: unknown;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}

export class AsyncCell<T> extends TaskCell<T> {
  readonly asyncOwner: AsyncOwner;
  readonly label: string;
  private readonly context = new TaskSignal();
  private call: AsyncCall<T> | undefined;
  private args: readonly unknown[] | undefined;
  private result: Poll<{ readonly value: T } | { readonly error: unknown }> = Pending;
  private cancelled = false;
  /** The function has been called, and its promise has not settled. */
  private underWay = false;
  private onReturn: (() => void) | undefined;
  private readonly awaiting = new Set<Awaited>();

  constructor(
    owner: AsyncOwner,
    slot: number,
    id: number,
    call: AsyncCall<T>,
    args: readonly unknown[],
  ) {
    super(owner, slot, id);
    this.asyncOwner = owner;
    this.label = call.name;
    this.call = call;
    this.args = args;
  }

  /** What an `await` of this task throws once it is aborted. */
  abortError(): JoinError {
    return new JoinError(this.id, this.details?.name, undefined);
  }

  /** Whether its function has been called and has not come to its end. */
  isUnderWay(): boolean {
    return this.call === undefined && this.result === Pending;
  }

  override whenReturned(callback: () => void): void {
    if (this.underWay) this.onReturn = callback;
    else callback();
  }

  /** Whether the task was aborted while its function was under way. */
  isAborted(): boolean {
    return this.cancelled;
  }

  run(): number {
    try {
      if (this.call !== undefined) this.start(this.call);
    } catch (error) {
      return this.panicked(error);
    }
    const result = this.result;
    if (result === Pending) return PENDING;
    return "error" in result ? this.panicked(result.error) : this.completed(result.value);
  }

  private start(call: AsyncCall<T>): void {
    assertLoopRuns("an async function");
    const args = this.args as readonly unknown[];
    this.call = undefined;
    this.args = undefined;
    const owner = this.asyncOwner;
    const result = owner.host.runWith(this, () => call(...args, this.context));
    // A function that calls a coroutine function and returns what it got means that coroutine.
    const promise = isCoroutine(result) ? new CoroutineFuture(result as Coroutine<T>) : result;
    if (
      typeof (promise as { [Symbol.asyncIterator]?: unknown })?.[Symbol.asyncIterator] ===
      "function"
    )
      throw new NotAFutureError(
        "an async generator function is no task: write `function*` with `yield*`, or an async function that loops over it",
        promise,
      );
    if (typeof promise?.then !== "function") {
      this.result = { value: promise as unknown as T };
      return;
    }
    this.underWay = true;
    owner.asyncStarted(this as AsyncCell<unknown>);
    promise.then(
      (value) => this.settle({ value }),
      (error) => this.settle({ error }),
    );
  }

  private settle(result: { readonly value: T } | { readonly error: unknown }): void {
    this.underWay = false;
    this.asyncOwner.asyncSettled(this as AsyncCell<unknown>);
    this.result = result;
    this.onReturn?.();
    this.onReturn = undefined;
    // Its handle has settled long ago, so an error that is not the abort's own would be seen by nobody.
    if (this.cancelled && "error" in result && !isAbort(result.error))
      this.asyncOwner.reportError(`task ${this.id} threw after it was aborted`, result.error);
    this.wake();
  }

  /** The function awaits something of the library, which ends when this task is aborted. */
  await(awaited: Awaited): void {
    this.awaiting.add(awaited);
  }

  awaited(awaited: Awaited): void {
    this.awaiting.delete(awaited);
  }

  override waitsFor(): string {
    const waits = [...this.awaiting].map((awaited) => awaited.waitsFor());
    return waits.length === 0 ? "a promise" : describeWaits("any", waits);
  }

  /** A function that has come to its end has its outcome, though the abort came before it was looked at. */
  override drop(): number {
    return this.result === Pending ? super.drop() : this.run();
  }

  protected dropBody(): void {
    this.cancelled = true;
    this.call = undefined;
    const error = this.abortError();
    for (const awaited of [...this.awaiting]) awaited.abandon(error);
    this.context.abort(error);
  }
}

/** Whether an error only says that the task was aborted, or that its runtime is stuck, which whoever runs that hears. */
function isAbort(error: unknown): boolean {
  if (error instanceof JoinError || error instanceof DeadlockError) return true;
  return (error as { name?: unknown } | null)?.name === "AbortError";
}
