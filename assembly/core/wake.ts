// A wake: from a waker's (slot, generation) to a place in a queue. Everything that makes a task runnable ends here.

import { TASK_HOME, TASK_KIND, TASK_POLLS } from "./layout";
import { pushBack, pushNext } from "./queue";
import {
  NOTHING,
  RUNNING,
  SUBMIT,
  stateOf,
  transitionToCancelled,
  transitionToScheduled,
} from "./state";
import { loadShared } from "./sync";
import { KIND_BLOCKING, taskAddress } from "./task";
import { pushInbox } from "./threads/inbox";
import { isTracing, TRACE_CANCEL, TRACE_WAKE, trace } from "./trace";
import { self } from "./worker";

/**
 * Whether a task that has been polled is this thread's. Plain enough for a load: the home is stored before the first poll,
 * and a waker exists only after it.
 */
function isOurs(task: usize): bool {
  return !ASC_FEATURE_THREADS || loadShared(task + TASK_HOME) == self() + 1;
}

/** Wakes a task; a task that has ended, or is scheduled already, is left alone. */
export function wakeTask(slot: i32, generation: i32): void {
  const task = taskAddress(slot);
  if (transitionToScheduled(task, generation) != SUBMIT) return;
  if (isTracing()) trace(TRACE_WAKE, generation);
  if (isOurs(task)) pushNext(task);
  else pushInbox(loadShared(task + TASK_HOME) - 1, task);
}

/** A call of the blocking pool that has begun is not to be ended from outside. */
function isCallUnderWay(task: usize): bool {
  const call = load<i32>(task + TASK_KIND) == KIND_BLOCKING && loadShared(task + TASK_HOME) > 0;
  return call && load<i32>(task + TASK_POLLS) > 0;
}

/**
 * Asks for a task's end. It is queued like any other, so its future is dropped by the thread that owns it.
 *
 * @returns whether it had not begun, and now never will: whoever takes it out of its queue sees that it is cancelled.
 */
export function cancelTask(slot: i32, generation: i32): bool {
  const task = taskAddress(slot);
  if (ASC_FEATURE_THREADS && isCallUnderWay(task)) return false;
  const asked = transitionToCancelled(task, generation);
  if (asked == NOTHING) return false;
  if (isTracing()) trace(TRACE_CANCEL, generation);
  if (asked != SUBMIT) return ASC_FEATURE_THREADS && hasNotBegun(task);
  if (isOurs(task)) pushBack(task);
  else pushInbox(loadShared(task + TASK_HOME) - 1, task);
  return false;
}

/**
 * Of a task that was scheduled or running when it was cancelled. Its home is stored by the thread that took it, after it set
 * RUNNING; so a task without one was cancelled before that, or its taker sees the bit all the same.
 */
function hasNotBegun(task: usize): bool {
  return (stateOf(task) & RUNNING) == 0 && loadShared(task + TASK_HOME) <= 0;
}
