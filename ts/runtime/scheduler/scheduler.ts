// What every scheduler offers to the rest of the library.

import type { CoroutineFunction, Future } from "../../future/index.js";
import type { SendableInfo } from "../../send/sendable.js";
import type { SharedHome } from "../../sync/shared/index.js";
import type { Clock } from "../clock.js";
import type { RuntimeMetrics } from "../metrics.js";
import type { RuntimeOptions } from "../options.js";
import type { TaskDump } from "../reports.js";
import type { AsyncCell, AsyncOwner } from "../task/async-cell.js";
import type { TaskCell, TaskDetails } from "../task/cell.js";
import type { Timers } from "../timers.js";

export type Flavor = "current_thread" | "multi_thread";

export interface Scheduler extends AsyncOwner {
  readonly flavor: Flavor;
  readonly options: RuntimeOptions;
  readonly clock: Clock;
  readonly timers: Timers;

  /** @throws {ShutdownError} @throws {LimitError} */
  spawnCoroutine<T>(
    fn: CoroutineFunction<readonly unknown[], T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<T>;
  spawnFuture<T>(future: Future<T>, details?: TaskDetails): TaskCell<T>;
  spawnAsync<T>(
    call: (...args: unknown[]) => PromiseLike<T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): AsyncCell<T>;
  /**
   * A sendable function: wherever there is room for it, or, `blocking`, on a thread of the blocking pool.
   *
   * @throws {SendError} when an argument cannot be sent.
   */
  spawnSendable(
    info: SendableInfo,
    args: readonly unknown[],
    blocking: boolean,
    details?: TaskDetails,
  ): TaskCell<unknown>;
  /** Drives a future for an `await`; what it throws is thrown as it is. `parent` is the async function that awaits. */
  drive<T>(future: Future<T>, parent: AsyncCell<unknown> | undefined): Promise<T>;
  /** The same for a task of this scheduler: its own errors come as JoinErrors. */
  join<T>(cell: TaskCell<T>, parent: AsyncCell<unknown> | undefined): Promise<T>;

  /** @throws {NestedRuntimeError} @throws {CannotBlockError} */
  assertMayBlock(what: string): void;
  /** Calls a function that may block on this thread. @throws {CannotBlockInPlaceError} on current_thread. */
  blockInPlace<T>(fn: () => T): T;
  /** The part of the runtime on which a `blockOn` runs that is called here: another one where this one's turn is under way. */
  forBlocking(): Scheduler;
  /** Runs a main future to its end, blocking the thread. */
  blockOn<T>(cell: TaskCell<T>): T;

  /** A socket or listener was opened: the end of the runtime disposes it. */
  ioOpened(resource: Disposable): void;
  /** It was closed. */
  ioClosed(resource: Disposable): void;
  /** Those that are open on this thread. */
  openIo(): readonly Disposable[];
  /** The memory in which shared primitives of this runtime are. @throws {NoThreadsError} where there are no threads. */
  sharedMemory(): SharedHome;
  metrics(): RuntimeMetrics;
  dump(): TaskDump[];
  traceText(): string;
  /** An integer in [0, bound) from the stream of the user's own randomness. */
  randomBelow(bound: number): number;
}
