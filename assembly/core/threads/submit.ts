// Spawning what may run on another thread: the header is made, TypeScript writes the arguments, and the task is submitted.

import {
  COUNT_SPAWNED,
  HEADER,
  HEADER_LAST_ID,
  TASK_FUNCTION,
  TASK_ID,
  TASK_JOINER,
  TASK_KIND,
  TASK_NUMBER,
  TASK_OUTCOME,
} from "../layout";
import { pushNext } from "../queue";
import { transitionToRunning } from "../state";
import { addShared64, loadShared64 } from "../sync";
import { KIND_BLOCKING, newTask, setHolder, setHome, slotOf, taskAddress } from "../task";
import { count, self } from "../worker";
import { popBlocking, submitBlocking } from "./blocking";
import { isClosed } from "./closing";
import { endUnstarted } from "./ending";
import { notifyWorker } from "./idle";
import { pushInbox } from "./inbox";
import { inject, popInjector } from "./injector";
import { clearPayload, replacePayload } from "./payload";
import { ROLE_WORKER, role } from "./registry";

/** The next task's id: 1, 2, 3 … over all threads. */
export function newId(): f64 {
  return (addShared64(HEADER + HEADER_LAST_ID, 1) + 1) as f64;
}

export function lastId(): f64 {
  return loadShared64(HEADER + HEADER_LAST_ID) as f64;
}

/** Generations have 31 bits and are never 0 (task.ts, T1). */
function generationFor(id: f64): i32 {
  const generation = ((id as i64) % 0x7fffffff) as i32;
  return generation == 0 ? 0x7fffffff : generation;
}

/**
 * Makes a task for a sendable function, not yet submitted. Its end will be delivered to this thread.
 *
 * @param outcome how the arguments are written; TypeScript's word.
 * @param bytes how many bytes they take; payloadAddress says where they go.
 * @returns the slot; -1 when there is no room for a task, -2 when there is none for the arguments.
 */
export function newSendable(kind: i32, fn: i32, id: f64, outcome: i32, bytes: i32): i32 {
  const task = newTask(generationFor(id));
  if (task == 0) return -1;
  store<i32>(task + TASK_JOINER, self() + 1);
  store<i32>(task + TASK_FUNCTION, fn);
  store<i32>(task + TASK_KIND, kind);
  store<f64>(task + TASK_ID, id);
  store<i32>(task + TASK_OUTCOME, outcome);
  clearPayload(task);
  if (bytes > 0 && replacePayload(task, bytes, outcome) == 0) {
    transitionToRunning(task);
    store<i32>(task + TASK_JOINER, 0);
    endUnstarted(task);
    return -2;
  }
  count(COUNT_SPAWNED);
  return slotOf(task);
}

/** Puts it where it will be found. */
export function submit(slot: i32): void {
  const task = taskAddress(slot);
  if (load<i32>(task + TASK_KIND) == KIND_BLOCKING) {
    submitBlocking(task);
  } else if (role() == ROLE_WORKER) {
    setHolder(task, self());
    pushNext(task);
  } else {
    inject(task);
    notifyWorker();
  }
  if (isClosed()) clearClosed();
}

/** The same for one thread and no other: what belongs to the task has been sent there. */
export function submitTo(slot: i32, thread: i32): void {
  const task = taskAddress(slot);
  setHome(task, thread);
  pushInbox(thread, task);
}

/** The same in one call for a function of one number, or of none. */
export function spawnNumber(kind: i32, fn: i32, id: f64, outcome: i32, argument: f64): i32 {
  const slot = newSendable(kind, fn, id, outcome, 0);
  if (slot < 0) return slot;
  store<f64>(taskAddress(slot) + TASK_NUMBER, argument);
  submit(slot);
  return slot;
}

function endPopped(task: usize): void {
  transitionToRunning(task);
  endUnstarted(task);
}

/** Ends every task that stands in a shared queue: the runtime is closed, and nobody else may be left to do it. */
export function clearClosed(): void {
  for (let task = popInjector(); task != 0; task = popInjector()) endPopped(task);
  for (let task = popBlocking(); task != 0; task = popBlocking()) endPopped(task);
}
