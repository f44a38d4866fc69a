// What a thread runs next, by its role. A worker: Tokio's order (multi_thread/worker.rs, next_task), with one queue more,
// since tasks that have started stay with their thread: those and the ones that have not take turns, so that neither starves.

import {
  CALLS,
  COUNT_STARTED,
  GLOBAL_INTERVAL,
  IMPORTING,
  LEAVING,
  SEARCHING,
  TASK_KIND,
  TASK_POLLS,
  TURN,
} from "../layout";
import { hasRunnable, popLifo, popList } from "../queue";
import { hasSignals } from "../shared/waiters";
import { COMPLETE, DROP, stateOf, transitionToRunning } from "../state";
import { KIND_BLOCKING, KIND_LOCAL, nextOf, setHome, setNext } from "../task";
import { count, get, self, set } from "../worker";
import { popBlocking } from "./blocking";
import { isClosed } from "./closing";
import { endUnstarted } from "./ending";
import { notifyWorker } from "./idle";
import { drainInbox, hasInbox } from "./inbox";
import { injectorLength, popInjector, popShare } from "./injector";
import { endSearch } from "./look";
import { ROLE_BLOCKING, ROLE_WORKER, role } from "./registry";
import { fillRing, popRing, ringRoom } from "./ring";
import { giveAway, isOnDuty } from "./substitutes";

/** What prepare answers besides 0: ts/runtime/core/binding.ts has the first two. */
export const START_FLAG: i32 = 1 << 25;
export const RESULT_FLAG: i32 = 1 << 26;
export const DROPPED: i32 = -1;
export const GONE: i32 = -2;

/** Of a batch from the injector the first is run, the rest stored where others may steal them. */
function takeShare(): usize {
  if (injectorLength() == 0) return 0;
  const first = popShare(ringRoom());
  if (first == 0) return 0;
  let rest = nextOf(first);
  setNext(first, 0);
  const more = rest != 0;
  while (rest != 0) {
    const next = nextOf(rest);
    setNext(rest, 0);
    fillRing(rest);
    rest = next;
  }
  // While they were on their way nobody could see them: another may have looked everywhere and gone to sleep.
  if (more) notifyWorker();
  return first;
}

function takeAsWorker(): usize {
  const turn = get(TURN) + 1;
  set(TURN, turn);
  if (turn >= get(GLOBAL_INTERVAL)) {
    set(TURN, 0);
    const task = popInjector();
    if (task != 0) return task;
  }
  let task = popLifo();
  if (task != 0) return task;
  const ringFirst = (turn & 1) != 0;
  task = ringFirst ? popRing() : popList();
  if (task == 0) task = ringFirst ? popList() : popRing();
  return task != 0 ? task : takeShare();
}

/** A substitute that is not needed. It may have been woken for new work all the same: others see to that. */
function goOffDuty(): void {
  if (get(SEARCHING) != 0) endSearch();
  giveAway();
}

/** Whether this thread serves the blocking queue and is at no call, nor about to be, nor to end. */
export function isFreeForCalls(): bool {
  return role() == ROLE_BLOCKING && get(CALLS) == 0 && get(IMPORTING) == 0 && get(LEAVING) == 0;
}

/** The next header for this thread, or 0. */
export function take(): usize {
  if (hasInbox()) drainInbox();
  if (isOnDuty()) {
    const found = takeAsWorker();
    // Woken as one who searches, and something was here already.
    if (found != 0 && get(SEARCHING) != 0) endSearch();
    return found;
  }
  if (role() == ROLE_WORKER) goOffDuty();
  let task = popLifo();
  if (task == 0) task = popList();
  // One call at a time: the next would wait for as long as this one takes.
  if (task == 0 && isFreeForCalls()) task = popBlocking();
  return task;
}

/**
 * Makes a header ready for TypeScript: 0 for a task to poll, START_FLAG for one to make and poll, RESULT_FLAG for an end to
 * take, DROPPED for one to drop, GONE when there is nothing to do any more.
 */
export function prepare(task: usize): i32 {
  if ((stateOf(task) & COMPLETE) != 0) return RESULT_FLAG;
  const first = load<i32>(task + TASK_KIND) != KIND_LOCAL && load<i32>(task + TASK_POLLS) == 0;
  const dropped = transitionToRunning(task) == DROP;
  if (!first) return dropped ? DROPPED : 0;
  if (dropped || isClosed()) {
    endUnstarted(task);
    return GONE;
  }
  // Before anybody can hold a waker of it.
  setHome(task, self());
  count(COUNT_STARTED);
  if (load<i32>(task + TASK_KIND) == KIND_BLOCKING) set(CALLS, get(CALLS) + 1);
  return START_FLAG;
}

/** Whether this thread has anything to run without looking at others. */
export function hasOwnWork(): bool {
  return hasRunnable() || hasInbox() || hasSignals();
}
