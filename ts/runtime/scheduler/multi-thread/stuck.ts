// Whether a thread of a runtime with threads that blocks does so in vain: nothing that it waits for can ever come.
//
// A wrong yes would end a program that goes on, so whatever might still do something counts as if it did.
//
// D1  Here: the thread is the runtime's owner, no task is ready, no timer is set, nothing it has spawned elsewhere is under way, it has
//     no claim on a shared primitive, whose waker another thread may call, and no other runtime owes this thread something.
// D2  Elsewhere: no task is alive, and no thread takes part that only has a handle, since it may spawn at any time.
// D3  Each thread counts its tasks for itself, so a sum that is read while tasks come and go may be too low. Only when nothing was
//     spawned between two such looks is it believed.

import { MOST_THREADS, ROLE_CALLER, THREAD_FREE, type ThreadsExports } from "../../core/binding.js";

/** What is known of the thread itself. */
export interface Blocked {
  readonly core: ThreadsExports;
  readonly thread: number;
  /** How many tasks of its own it has. */
  ownTasks(): number;
}

export class StuckWatch {
  private readonly blocked: Blocked;
  /** How many tasks had been spawned when the thread was found to block in vain; -1: it was not. */
  private spawned = -1;

  constructor(blocked: Blocked) {
    this.blocked = blocked;
  }

  /** Whether to look again soon. */
  isSuspected(): boolean {
    return this.spawned >= 0;
  }

  /** @param quiet whether the thread itself has nothing under way (D1). */
  isStuck(quiet: boolean): boolean {
    const spawned = quiet && this.nobodyElse() ? this.blocked.core.lastId() : -1;
    const confirmed = spawned >= 0 && spawned === this.spawned;
    this.spawned = spawned;
    return confirmed;
  }

  private nobodyElse(): boolean {
    const { core, thread } = this.blocked;
    if (core.ownerThread() !== thread || core.claimsHere() > 0 || core.hasSignals() !== 0)
      return false;
    return core.aliveTasks() === this.blocked.ownTasks() && !this.hasGuests();
  }

  private hasGuests(): boolean {
    const { core, thread } = this.blocked;
    for (let other = core.workerCount(); other < MOST_THREADS; other++)
      if (other !== thread && core.roleOf(other) === ROLE_CALLER && isTaken(core, other))
        return true;
    return false;
  }
}

function isTaken(core: ThreadsExports, thread: number): boolean {
  return core.stateOfThread(thread) !== THREAD_FREE;
}
