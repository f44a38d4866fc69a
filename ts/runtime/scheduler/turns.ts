// What those who drive a scheduler need of it: the event loop, a blocking call, a tick.

import type { Host } from "../../host/types.js";
import type { Clock } from "../clock.js";
import type { CoreExports } from "../core/binding.js";
import type { WaitingTask } from "../errors.js";

/** How a turn ended: there is more to do, nothing is runnable, or what it was for is done. */
export type TurnEnd = "busy" | "idle" | "stopped";

export interface Turns {
  readonly core: CoreExports;
  readonly clock: Clock;
  readonly host: Host;
  /**
   * Polls tasks.
   *
   * @param drives after how many driver turns to stop; undefined: when the event loop is due.
   * @param isDone looked at between driver turns.
   */
  turn(drives: number | undefined, isDone: () => boolean): TurnEnd;
  isPolling(): boolean;
  /** Whether the event loop has something under way that could wake a task. */
  isHostBusy(): boolean;
  /** The thread is about to give way. Runs the park hook, which may make tasks ready. */
  park(): void;
  /** The thread goes on. */
  unpark(): void;
  /** Whether turns are given although nobody waits. */
  readonly alwaysServed: boolean;
  /** Whether a paused clock must not move by itself now. */
  holdsClock(): boolean;
  /** Whether other threads may have something for this one. */
  hasOtherThreads(): boolean;
  /** Whether an idle thread may be blocked instead of going back to its event loop. */
  mayBlock(): boolean;
  /** Blocks it until another thread has something for it, for at most `limitMs`. */
  block(limitMs: number | undefined): void;
  /** The thread will go back to its event loop, and is to be poked when another thread has something; false: it has. */
  beginSleep(): boolean;
  /** Under `blockOn`, with nothing ready: blocks until something may be. @throws {DeadlockError} if nothing ever can. */
  blockUntilWoken(): void;
  /**
   * Nothing could wake any task: has all of them polled once more, async functions aside, so that they say what they wait for.
   *
   * @returns whether the next turn will; false: they have been asked.
   */
  askTasks(): boolean;
  /** What they said is not needed any more. */
  forgetStops(): void;
  /** The tasks that have not ended, for an error. */
  waitingTasks(): WaitingTask[];
  /** Whether a `run` that nothing can wake any more is to fail at once. */
  readonly detectsDeadlocks: boolean;
}

/** Driver turns in a row without looking at the event loop, where a turn is counted and not timed. */
export const TURN_DRIVES = 256;

/** Moves a paused clock to the next timer; false when there is none. */
export function advanceToNextTimer({ core, clock }: Turns): boolean {
  const tick = core.nextExpiry();
  if (tick < 0) return false;
  clock.moveTo(clock.timeOf(tick));
  return true;
}
