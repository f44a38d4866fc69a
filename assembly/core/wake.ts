// A wake: from a waker's (slot, generation) to a place in a queue. Everything that makes a task runnable ends here.

import { pushBack, pushNext } from "./queue";
import { SUBMIT, transitionToCancelled, transitionToScheduled } from "./state";
import { isSameTask, taskAddress } from "./task";
import { isTracing, TRACE_CANCEL, TRACE_WAKE, trace } from "./trace";

/** Wakes a task; a task that has ended, or is scheduled already, is left alone. */
export function wakeTask(slot: i32, generation: i32): void {
  const task = taskAddress(slot);
  if (!isSameTask(task, generation)) return;
  if (transitionToScheduled(task) != SUBMIT) return;
  if (isTracing()) trace(TRACE_WAKE, generation);
  pushNext(task);
}

/** Asks for a task's end. It is queued like any other, so its future is dropped by the thread that owns it. */
export function cancelTask(slot: i32, generation: i32): void {
  const task = taskAddress(slot);
  if (!isSameTask(task, generation)) return;
  if (isTracing()) trace(TRACE_CANCEL, generation);
  if (transitionToCancelled(task) == SUBMIT) pushBack(task);
}
