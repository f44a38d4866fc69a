// The threads behind `spawnBlocking` of a current_thread runtime. A multi_thread runtime has its own.

import type { SendableInfo } from "../../send/sendable.js";
import type { RuntimeMetrics } from "../metrics.js";
import type { TaskDump } from "../reports.js";
import type { TaskCell, TaskDetails } from "../task/cell.js";

export interface BlockingPool {
  spawnBlocking(
    info: SendableInfo,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<unknown>;
  /** Whether calls are under way. */
  isBusy(): boolean;
  metrics(): RuntimeMetrics;
  /** Cancels the calls that have not begun. */
  close(): void;
  /** Resolves when its threads have ended, or after `limitMs` with what they are still at. */
  ended(limitMs: number | undefined): Promise<TaskDump[]>;
}
