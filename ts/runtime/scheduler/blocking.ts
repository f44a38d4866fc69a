// Driving a scheduler by blocking the thread: timers, channels and tasks go on, the thread's event loop does not.

import { replaceLoopBlocked } from "../../future/index.js";
import { carriedCell } from "../entered.js";
import { CannotBlockError, DeadlockError, NestedRuntimeError } from "../errors.js";
import { isTurning, type TaskCell } from "../task/cell.js";
import { advanceToNextTimer, TURN_DRIVES, type Turns } from "./turns.js";

/**
 * @throws {NestedRuntimeError} while this thread polls tasks, of whatever runtime.
 * @throws {CannotBlockError} where the host forbids it.
 */
export function assertMayBlock(turns: Turns, what: string): void {
  // In a turn, or inside an async task, whose frame the event loop drives.
  if (isTurning() || carriedCell()?.isUnderWay()) throw new NestedRuntimeError(what);
  if (!turns.host.canPark) throw new CannotBlockError(turns.host.name);
}

/** Drives until the task has ended. @throws {DeadlockError} when nothing could ever wake anything; the task is aborted. */
export function driveBlocking(turns: Turns, cell: TaskCell<unknown>): void {
  const blocked = replaceLoopBlocked(true);
  const isDone = (): boolean => cell.isFinished();
  try {
    while (!isDone()) {
      if (turns.turn(TURN_DRIVES, isDone) === "idle" && !isDone()) blockUntilTimer(turns);
    }
  } catch (error) {
    cell.cancel();
    throw error;
  } finally {
    replaceLoopBlocked(blocked);
  }
}

function blockUntilTimer(turns: Turns): void {
  turns.park();
  if (!turns.core.ready()) sleep(turns);
  turns.unpark();
}

function sleep(turns: Turns): void {
  const { core, clock, host } = turns;
  const tick = core.nextExpiryBound();
  // No other thread has a waker of this runtime, so without a timer nobody could ever end the wait.
  if (tick < 0) throw new DeadlockError(turns.describeWaiting());
  if (clock.isPaused()) advanceToNextTimer(turns);
  else host.park(Math.max(0, clock.timeOf(tick) - clock.now()));
}
