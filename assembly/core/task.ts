// The task slab: slots, generations, and the check that a waker still means the task it was made for.
//
// T1  A waker is (slot, generation). A generation is the low 31 bits of a task's id, and ids are never used again, so a
//     waker that outlived its task finds another generation and does nothing.
// T2  A slot is given back only by the thread that ran its task to the end.

import {
  HEADER_TASK_LIMIT,
  TASK_DIRECTORY,
  TASK_GENERATION,
  TASK_NEXT,
  TASK_POLLS,
  TASK_SHIFT,
  TASK_SLOT,
} from "./layout";
import { giveSlot, slotAddress, takeSlot } from "./slab";
import { transitionToNew } from "./state";
import { loadShared, storeShared } from "./sync";

export function taskAddress(slot: i32): usize {
  return slotAddress(TASK_DIRECTORY, slot, TASK_SHIFT);
}

/** A header for a new task, already in the state "scheduled"; 0 when there is no room. */
export function newTask(generation: i32): usize {
  assert(generation > 0, "task: a generation is positive");
  const slot = takeSlot(HEADER_TASK_LIMIT, TASK_DIRECTORY, TASK_SHIFT, TASK_NEXT);
  if (slot < 0) return 0;
  const task = taskAddress(slot);
  store<i32>(task + TASK_SLOT, slot);
  store<i32>(task + TASK_POLLS, 0);
  store<i32>(task + TASK_NEXT, 0);
  transitionToNew(task);
  // Published last: a waker with this generation finds the state word ready.
  storeShared(task + TASK_GENERATION, generation);
  return task;
}

export function freeTask(task: usize): void {
  storeShared(task + TASK_GENERATION, 0);
  giveSlot(HEADER_TASK_LIMIT, TASK_DIRECTORY, slotOf(task), TASK_SHIFT, TASK_NEXT);
}

export function slotOf(task: usize): i32 {
  return load<i32>(task + TASK_SLOT);
}

export function generationOf(task: usize): i32 {
  return loadShared(task + TASK_GENERATION);
}

/** Whether the slot still holds the task that the waker was made for. */
export function isSameTask(task: usize, generation: i32): bool {
  return loadShared(task + TASK_GENERATION) == generation;
}

export function nextOf(task: usize): usize {
  return load<u32>(task + TASK_NEXT) as usize;
}

export function setNext(task: usize, next: usize): void {
  store<u32>(task + TASK_NEXT, next as u32);
}

export function countPoll(task: usize): void {
  store<i32>(task + TASK_POLLS, load<i32>(task + TASK_POLLS) + 1);
}
