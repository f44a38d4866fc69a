// The threads behind `spawnBlocking` of a current_thread runtime. A multi_thread runtime has its own.

import type { SendableInfo } from "../../send/sendable.js";
import type { SharedHome } from "../../sync/shared/index.js";
import type { RuntimeMetrics } from "../metrics.js";
import type { TaskDump } from "../reports.js";
import type { TaskCell, TaskDetails } from "../task/cell.js";
import type { SentArguments } from "./multi-thread/shared-memory.js";

export interface BlockingPool {
  spawnBlocking(
    info: SendableInfo,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<unknown>;
  /** Whether calls are under way. */
  isBusy(): boolean;
  /** The memory in which shared primitives of this runtime are. */
  sharedMemory(): SharedHome;
  /** Arguments as another thread would get them, if that makes a difference. */
  asSent(args: readonly unknown[]): SentArguments | undefined;
  metrics(): RuntimeMetrics;
  /** Cancels the calls that have not begun. */
  close(): void;
  /** Resolves when its threads have ended, or after `limitMs` with what they are still at. */
  ended(limitMs: number | undefined): Promise<TaskDump[]>;
}
