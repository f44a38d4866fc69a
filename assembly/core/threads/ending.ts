// The end of a task whose handle is on another thread: its result is delivered to the joiner's inbox, and the joiner gives
// the slot back.
//
// E1  After the state says COMPLETE only the joiner touches the task. The joiner is read before.
// E2  What is being delivered stands in the record, for the case that the thread dies in the middle of it.
// E3  A task that has not started ends here, without TypeScript: cancelled, or after the runtime was closed.

import {
  CALLS,
  CURRENT,
  DELIVERING,
  DELIVERING_GENERATION,
  TASK_JOINER,
  TASK_KIND,
  TASK_OUTCOME,
  TASK_POLLS,
} from "../layout";
import { isListed, pushBack } from "../queue";
import { COMPLETE, stateOf, transitionToComplete } from "../state";
import { freeTask, generationOf, KIND_BLOCKING, KIND_LOCAL, setNext } from "../task";
import { get, getAddress, self, set, setAddress } from "../worker";
import { drainInbox, pushInbox } from "./inbox";
import { releasePayload } from "./payload";

/** How a task ended, besides what TypeScript has of its own: ts/runtime/core/binding.ts has the same names. */
export const OUTCOME_CANCELLED: i32 = 1;
export const OUTCOME_LOST: i32 = 2;
/** Of arguments: they have been sent by port to the one thread that was to run the task. */
export const OUTCOME_PORT: i32 = 6;

/** Hands a completed task to whoever waits for it; `joiner` was read before it completed (E1). */
export function deliver(task: usize, joiner: i32): void {
  if (joiner == 0) freeDelivered(task);
  else if (joiner == self() + 1) pushBack(task);
  else pushInbox(joiner - 1, task);
}

/** The joiner has taken the result. */
export function freeDelivered(task: usize): void {
  releasePayload(task);
  freeTask(task);
}

/** Whether a task has had its first poll. */
function isStarted(task: usize): bool {
  return load<i32>(task + TASK_POLLS) > 0;
}

/** A task that was polled has completed. */
export function completeTask(task: usize): void {
  if (load<i32>(task + TASK_KIND) == KIND_LOCAL) {
    transitionToComplete(task);
    freeTask(task);
    return;
  }
  if (load<i32>(task + TASK_KIND) == KIND_BLOCKING && isStarted(task)) set(CALLS, get(CALLS) - 1);
  const joiner = load<i32>(task + TASK_JOINER);
  setAddress(DELIVERING, task);
  set(DELIVERING_GENERATION, generationOf(task));
  transitionToComplete(task);
  deliver(task, joiner);
  setAddress(DELIVERING, 0);
}

/**
 * A thread has died while it was delivering. Whether the end has arrived only its joiner can tell; where that is this
 * thread, it looks into its inbox and takes what is not there. Of another joiner it is not known (death.md).
 */
export function settleDelivery(dead: usize): void {
  const task = load<u32>(dead + DELIVERING) as usize;
  if (task == 0 || generationOf(task) != load<i32>(dead + DELIVERING_GENERATION)) return;
  if ((stateOf(task) & COMPLETE) == 0 || load<i32>(task + TASK_JOINER) != self() + 1) return;
  drainInbox();
  if (task == current() || isListed(task)) return;
  // The dead thread may have linked it to what stood in the inbox then.
  setNext(task, 0);
  pushBack(task);
}

/** The header that this thread was handed last, and has not reported on. */
function current(): usize {
  return getAddress(CURRENT);
}

/** A task that has not started, in state "running", ends (E3). */
export function endUnstarted(task: usize): void {
  releasePayload(task);
  store<i32>(task + TASK_OUTCOME, OUTCOME_CANCELLED);
  completeTask(task);
}
