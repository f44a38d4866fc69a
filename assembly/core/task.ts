// The task slab: slots, generations, and the check that a waker still means the task it was made for.
//
// T1  A waker is (slot, generation). A generation is the low 31 bits of a task's id, and ids are never used again, so a
//     waker that outlived its task finds another generation and does nothing.
// T2  A slot is given back once, by the thread that ran its task to the end; with threads by the one its end is delivered to.

import {
  HEADER_TASK_LIMIT,
  TASK_DIRECTORY,
  TASK_FUNCTION,
  TASK_GENERATION,
  TASK_HOME,
  TASK_JOINER,
  TASK_KIND,
  TASK_NEXT,
  TASK_POLLS,
  TASK_SHIFT,
  TASK_SLAB,
  TASK_SLOT,
} from "./layout";
import { giveSlot, slotAddress, takeSlot } from "./slab";
import { transitionToNew } from "./state";
import { loadShared, storeShared } from "./sync";
import { self } from "./worker";

/** What a task is; ts/runtime/core/binding.ts has the same names. */
export const KIND_LOCAL: i32 = 0;
export const KIND_SENDABLE: i32 = 1;
export const KIND_BLOCKING: i32 = 2;
/** Set in a task's kind while a thread that has died is cleared up after: it stands in a list that only that thread touched. */
export const KIND_MARK: i32 = 256;

export function taskAddress(slot: i32): usize {
  return slotAddress(TASK_DIRECTORY, slot, TASK_SHIFT);
}

/** A header for a new task, already in the state "scheduled"; 0 when there is no room. */
export function newTask(generation: i32): usize {
  assert(generation > 0, "task: a generation is positive");
  const slot = takeSlot(TASK_SLAB, HEADER_TASK_LIMIT, TASK_DIRECTORY, TASK_SHIFT, TASK_NEXT);
  if (slot < 0) return 0;
  const task = taskAddress(slot);
  store<i32>(task + TASK_SLOT, slot);
  store<i32>(task + TASK_POLLS, 0);
  store<i32>(task + TASK_NEXT, 0);
  if (ASC_FEATURE_THREADS) startLocal(task);
  transitionToNew(task);
  // Published last: a waker with this generation finds the state word ready.
  storeShared(task + TASK_GENERATION, generation);
  return task;
}

/** Until somebody says otherwise a task is a local one of this thread. */
function startLocal(task: usize): void {
  setBeingMade(task);
  store<i32>(task + TASK_JOINER, 0);
  store<i32>(task + TASK_FUNCTION, 0);
  store<i32>(task + TASK_KIND, KIND_LOCAL);
}

export function freeTask(task: usize): void {
  storeShared(task + TASK_GENERATION, 0);
  giveSlot(TASK_SLAB, TASK_DIRECTORY, slotOf(task), TASK_SHIFT, TASK_NEXT);
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

/** Whether any worker may take it: it has not had its first poll. */
export function isMovable(task: usize): bool {
  return loadShared(task + TASK_HOME) <= 0;
}

/** Pins a task to a thread. */
export function setHome(task: usize, thread: i32): void {
  storeShared(task + TASK_HOME, thread + 1);
}

/** A task that has not started passes into a thread's hands: its ring, its lifo slot, or on the way there. */
export function setHolder(task: usize, thread: i32): void {
  storeShared(task + TASK_HOME, -(thread + 1));
}

/** More than any thread's number. */
const BEING_MADE: i32 = 1 << 16;

/** Nobody may run it yet: what it is to run with has not been written. */
export function setBeingMade(task: usize): void {
  storeShared(task + TASK_HOME, madeBy(self()));
}

/** What the home of a task says that a thread is making. */
export function madeBy(thread: i32): i32 {
  return -(thread + 1) - BEING_MADE;
}

/** A task that has not started passes into nobody's hands: the injector. */
export function setUnheld(task: usize): void {
  storeShared(task + TASK_HOME, 0);
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
