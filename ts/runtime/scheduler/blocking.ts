// Driving a scheduler by blocking the thread: timers, channels and tasks go on, the thread's event loop does not.

import { replaceLoopBlocked } from "../../future/index.js";
import { carriedCell } from "../entered.js";
import { CannotBlockError, NestedRuntimeError } from "../errors.js";
import { isTurning, type TaskCell } from "../task/cell.js";
import { TURN_DRIVES, type Turns } from "./turns.js";

/** Whether the poll under way is one that may block: a plain call of the blocking pool, or the inside of `blockInPlace`. */
let blockingAllowed = false;

/** Runs what may block, inside of a poll; `blockOn` is allowed there, on a part of the runtime that has no turn under way. */
export function allowBlocking<T>(callback: () => T): T {
  const before = blockingAllowed;
  blockingAllowed = true;
  try {
    return callback();
  } finally {
    blockingAllowed = before;
  }
}

export function isBlockingAllowed(): boolean {
  return blockingAllowed;
}

/**
 * @throws {NestedRuntimeError} while this thread polls tasks, of whatever runtime.
 * @throws {CannotBlockError} where the host forbids it.
 */
export function assertMayBlock(turns: Turns, what: string): void {
  // In a turn, or inside an async task, whose frame the event loop drives.
  if (!blockingAllowed && (isTurning() || carriedCell()?.isUnderWay()))
    throw new NestedRuntimeError(what);
  if (!turns.host.canPark) throw new CannotBlockError(turns.host.name);
}

/** Drives until the task has ended. @throws {DeadlockError} when nothing could ever wake anything; the task is aborted. */
export function driveBlocking(turns: Turns, cell: TaskCell<unknown>): void {
  const blocked = replaceLoopBlocked(true);
  const allowed = blockingAllowed;
  // What is polled in here may not block in its turn.
  blockingAllowed = false;
  const isDone = (): boolean => cell.isFinished();
  try {
    while (!isDone()) {
      if (turns.turn(TURN_DRIVES, isDone) === "idle" && !isDone()) block(turns);
    }
  } catch (error) {
    cell.cancel();
    throw error;
  } finally {
    blockingAllowed = allowed;
    replaceLoopBlocked(blocked);
  }
}

function block(turns: Turns): void {
  turns.park();
  if (!turns.core.ready()) turns.blockUntilWoken();
  turns.unpark();
}
