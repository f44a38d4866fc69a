// Which runtime "here" means: the one whose turn is under way or that was entered, else the one that the host carries
// through an async function's awaits, else none.

import { host } from "#host";
import { EnterOrderError } from "./errors.js";
import type { Scheduler } from "./scheduler/scheduler.js";
import { AsyncCell } from "./task/async-cell.js";

let entered: Scheduler | undefined;
/** On a thread that a runtime has started: that runtime. */
let threadScheduler: Scheduler | undefined;
let isWorkerThread = false;
/** Guards in force: a guard may only be disposed while it is the last. */
let guards = 0;

/** Makes `scheduler` the current one; returns the one before, to be put back. */
export function replaceScheduler(scheduler: Scheduler | undefined): Scheduler | undefined {
  const previous = entered;
  entered = scheduler;
  return previous;
}

/** What the host carries: an async function, or something else that knows its runtime. */
export interface CarriedOwner {
  readonly asyncOwner: unknown;
}

/** The async function that is running here, as far as the host can tell. */
export function carriedCell(): AsyncCell<unknown> | undefined {
  const carried = host.carried();
  return carried instanceof AsyncCell ? carried : undefined;
}

function carriedScheduler(): Scheduler | undefined {
  return (host.carried() as CarriedOwner | undefined)?.asyncOwner as Scheduler | undefined;
}

export function tryCurrentScheduler(): Scheduler | undefined {
  return entered ?? carriedScheduler() ?? threadScheduler;
}

/** This thread belongs to a runtime for good. */
export function setThreadScheduler(scheduler: Scheduler): void {
  threadScheduler = scheduler;
}

/** This thread was started by a runtime, and may be about to import modules of the program. */
export function setWorkerThread(): void {
  isWorkerThread = true;
}

/** Whether a runtime has started this thread: a program that it imports is not to start once more. */
export function isOnWorkerThread(): boolean {
  return isWorkerThread;
}

/** Puts the previous runtime back when disposed. Guards are disposed in reverse order of their making. */
export class EnterGuard implements Disposable {
  private readonly depth: number;
  private previous: Scheduler | undefined;
  private left = false;

  /** @internal */
  constructor(scheduler: Scheduler) {
    guards += 1;
    this.depth = guards;
    this.previous = replaceScheduler(scheduler);
  }

  /** @throws {EnterOrderError} when a guard that was made later is still in force. */
  [Symbol.dispose](): void {
    if (this.left) return;
    if (guards !== this.depth) throw new EnterOrderError();
    guards -= 1;
    this.left = true;
    replaceScheduler(this.previous);
    this.previous = undefined;
  }
}
