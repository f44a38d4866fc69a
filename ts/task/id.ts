// Who am I.

import { NoRuntimeError } from "../runtime/errors.js";
import { pollingTask } from "../runtime/task/cell.js";

/** The id of the task being polled, or undefined outside of tasks. In an async function only before its first `await`. */
export function tryTaskId(): number | undefined {
  const task = pollingTask();
  return task?.owner.cellAt(task.slot)?.id;
}

/** The id of the task being polled. @throws {NoRuntimeError} outside of tasks. */
export function taskId(): number {
  const id = tryTaskId();
  if (id === undefined) throw new NoRuntimeError("taskId()");
  return id;
}
