// The state word of a task: what its bits mean, and every way it may change.
//
//   SCHEDULED  1  It stands in a queue, or runs and was woken meanwhile. Set by a wake; cleared when its poll starts.
//                 Never set twice: the one who sets it puts the task into a queue.
//   RUNNING    2  A thread is polling it, and that thread alone may touch its future.
//   COMPLETE   4  It has ended. Set once, by the thread that ran it; no bit changes after it.
//   CANCELLED  8  Somebody wants it ended. Set at any time before COMPLETE, never cleared.
//
// The word stands beside the task's generation, and those who hold only a waker change both as one: otherwise a wake or an
// abort that was delayed between looking at the generation and changing the state would hit the slot's next task.
//
// A slot that is free holds COMPLETE. Every change is one of the functions below, and each returns what the caller must
// now do. Wakers may come from other threads, so each is a compare-and-swap loop or a single atomic operation; the
// partner of each is named.

import { TASK_STATE } from "./layout";
import {
  compareExchange,
  compareExchange64,
  exchangeShared,
  loadShared,
  loadShared64,
  storeShared,
} from "./sync";

export const SCHEDULED: i32 = 1;
export const RUNNING: i32 = 2;
export const COMPLETE: i32 = 4;
export const CANCELLED: i32 = 8;

/** What a transition asks of its caller. */
export const NOTHING: i32 = 0;
export const SUBMIT: i32 = 1; // put the task into a queue
export const DROP: i32 = 2; // end the task without another poll
export const CHANGED: i32 = 3; // somebody else will see to it

export function stateOf(task: usize): i32 {
  return loadShared(task + TASK_STATE);
}

/** A new task is scheduled by the one who made it, before anybody else knows of it. */
export function transitionToNew(task: usize): void {
  storeShared(task + TASK_STATE, SCHEDULED);
}

/** State and generation as they stood in one moment. */
function loadBoth(task: usize): i64 {
  return ASC_FEATURE_THREADS ? loadShared64(task + TASK_STATE) : load<i64>(task + TASK_STATE);
}

function isGeneration(both: i64, generation: i32): bool {
  return ((both >> 32) as i32) == generation;
}

/** Sets bits of the state if nothing of state and generation has changed. */
function changeBoth(task: usize, both: i64, bits: i32): bool {
  if (ASC_FEATURE_THREADS)
    return compareExchange64(task + TASK_STATE, both, both | (bits as i64)) == both;
  store<i32>(task + TASK_STATE, (both as i32) | bits);
  return true;
}

/**
 * Woken. SUBMIT if the caller must queue it; NOTHING for a slot that holds another task by now. Partner: transitionToIdle,
 * which sees the bit set while it ran.
 */
export function transitionToScheduled(task: usize, generation: i32): i32 {
  for (;;) {
    const both = loadBoth(task);
    const state = both as i32;
    if (!isGeneration(both, generation) || (state & (SCHEDULED | COMPLETE)) != 0) return NOTHING;
    if (!changeBoth(task, both, SCHEDULED)) continue;
    return (state & RUNNING) != 0 ? NOTHING : SUBMIT;
  }
}

/** Taken out of a queue. DROP if it was cancelled, else NOTHING: poll it. Partner: transitionToScheduled. */
export function transitionToRunning(task: usize): i32 {
  const address = task + TASK_STATE;
  for (;;) {
    const state = loadShared(address);
    assert((state & SCHEDULED) != 0, "state: a task in a queue is scheduled");
    assert(
      (state & (RUNNING | COMPLETE)) == 0,
      "state: a task in a queue neither runs nor has ended",
    );
    if (compareExchange(address, state, (state & CANCELLED) | RUNNING) != state) continue;
    return (state & CANCELLED) != 0 ? DROP : NOTHING;
  }
}

/** Its poll was Pending. SUBMIT if it was woken or cancelled meanwhile. Partners: transitionToScheduled and -Cancelled. */
export function transitionToIdle(task: usize): i32 {
  const address = task + TASK_STATE;
  for (;;) {
    const state = loadShared(address);
    assert((state & RUNNING) != 0, "state: only a task that runs can become idle");
    const again = (state & (SCHEDULED | CANCELLED)) != 0;
    const next = (state & CANCELLED) | (again ? SCHEDULED : 0);
    if (compareExchange(address, state, next) != state) continue;
    return again ? SUBMIT : NOTHING;
  }
}

/** Its poll asked to be run again later; the caller queues it, whoever woke it meanwhile. */
export function transitionToYielded(task: usize): void {
  const address = task + TASK_STATE;
  for (;;) {
    const state = loadShared(address);
    assert((state & RUNNING) != 0, "state: only a task that runs can yield");
    if (compareExchange(address, state, (state & CANCELLED) | SCHEDULED) == state) return;
  }
}

/**
 * Somebody aborts it. SUBMIT if the caller must queue it, so that its own thread drops it; CHANGED if it was cancelled and
 * its thread will come upon it; NOTHING if it had ended, was cancelled already, or is another task. Partner: transitionToIdle.
 */
export function transitionToCancelled(task: usize, generation: i32): i32 {
  for (;;) {
    const both = loadBoth(task);
    const state = both as i32;
    if (!isGeneration(both, generation) || (state & (COMPLETE | CANCELLED)) != 0) return NOTHING;
    const idle = (state & (SCHEDULED | RUNNING)) == 0;
    if (!changeBoth(task, both, CANCELLED | (idle ? SCHEDULED : 0))) continue;
    return idle ? SUBMIT : CHANGED;
  }
}

/** It ended. After this no waker reaches it. */
export function transitionToComplete(task: usize): void {
  assert((stateOf(task) & RUNNING) != 0, "state: only a task that runs can complete");
  storeShared(task + TASK_STATE, COMPLETE);
}

/** Its thread died, so nobody polls it or will poll it. Returns what it was: a wake may have it in hand at this moment. */
export function transitionToLost(task: usize): i32 {
  return exchangeShared(task + TASK_STATE, COMPLETE);
}

/** The thread that had taken it died before it could poll it: as if it had never been taken. */
export function transitionToUntaken(task: usize): void {
  const address = task + TASK_STATE;
  for (;;) {
    const state = loadShared(address);
    if (compareExchange(address, state, (state & CANCELLED) | SCHEDULED) == state) return;
  }
}
