// The executor: one call a poll. TypeScript polls the task it was handed, and its next call reports how that poll ended
// and is handed the task after it.
//
// The protocol with TypeScript:
//   spawn(generation)   → a slot, already queued, or -1 when there is no room
//   next(outcome)       → a slot to poll | DROP_FLAG, or EMPTY, or DRIVER
//   driver(now)         after DRIVER or EMPTY: fires timers and lets the deferred tasks back in
// `outcome` belongs to the slot that the last `next` returned: NONE if it returned none.

import {
  EVENT_INTERVAL,
  HEADER,
  HEADER_TASK_ALIVE,
  HEADER_TASK_COUNT,
  HEADER_TASK_LIMIT,
  HEADER_TIMER_ALIVE,
  HEADER_TIMER_LIMIT,
  LIFO_ENABLED,
  POLL_COUNT,
  TASK_GENERATION,
  TASK_POLLS,
  TICK,
  TRACE_COUNT,
  TRACE_DIRECTORY,
  TRACE_ON,
  TRACE_SHIFT,
} from "./layout";
import { hasDeferred, popFront, pushBack, pushDeferred, releaseDeferred, runnable } from "./queue";
import { slotAddress } from "./slab";
import {
  DROP,
  stateOf,
  SUBMIT,
  transitionToComplete,
  transitionToIdle,
  transitionToRunning,
  transitionToYielded,
} from "./state";
import { loadShared, storeShared } from "./sync";
import { countPoll, freeTask, isSameTask, newTask, taskAddress } from "./task";
import { TRACE_COMPLETE, TRACE_POLL, TRACE_SPAWN, TRACE_YIELD, trace } from "./trace";
import { advanceWheel } from "./wheel";
import { get, set } from "./worker";

/** How a poll ended, and what `next` answers besides a slot: ts/runtime/core/binding.ts has the same names. */
const PENDING: i32 = 0;
const YIELDED: i32 = 1;
const COMPLETED: i32 = 2;
const DROP_FLAG: i32 = 1 << 24;
const EMPTY: i32 = -1;
const DRIVER: i32 = -2;

/** The slot being polled by this thread, or -1. */
let current: i32 = -1;

export function configure(taskLimit: i32, timerLimit: i32, eventInterval: i32, lifo: i32): void {
  storeShared(HEADER + HEADER_TASK_LIMIT, taskLimit);
  storeShared(HEADER + HEADER_TIMER_LIMIT, timerLimit);
  set(EVENT_INTERVAL, eventInterval);
  set(LIFO_ENABLED, lifo);
}

/** Makes a task and puts it at the tail; -1 when there is no room for another. */
export function spawn(generation: i32): i32 {
  const slot = newTask(generation);
  if (slot < 0) return slot;
  trace(TRACE_SPAWN, generation);
  pushBack(slot);
  return slot;
}

function finish(slot: i32, outcome: i32): void {
  const task = taskAddress(slot);
  if (outcome == PENDING) {
    if (transitionToIdle(task) == SUBMIT) pushBack(slot);
  } else if (outcome == YIELDED) {
    trace(TRACE_YIELD, loadShared(task + TASK_GENERATION));
    transitionToYielded(task);
    pushDeferred(slot);
  } else {
    assert(outcome == COMPLETED, "scheduler: an outcome is pending, yielded or completed");
    trace(TRACE_COMPLETE, loadShared(task + TASK_GENERATION));
    transitionToComplete(task);
    freeTask(slot);
  }
}

/** Reports the end of the last poll and takes the next task. */
export function next(outcome: i32): i32 {
  if (current >= 0) {
    finish(current, outcome);
    current = -1;
  }
  const tick = get(TICK);
  if (tick >= get(EVENT_INTERVAL)) return DRIVER;
  const slot = popFront();
  if (slot < 0) return hasDeferred() ? DRIVER : EMPTY;
  set(TICK, tick + 1);
  const task = taskAddress(slot);
  current = slot;
  if (transitionToRunning(task) == DROP) return slot | DROP_FLAG;
  set(POLL_COUNT, get(POLL_COUNT) + 1);
  countPoll(task);
  trace(TRACE_POLL, loadShared(task + TASK_GENERATION));
  return slot;
}

/** The driver's turn: moves the wheel to the tick `now`, then lets deferred tasks back in. Returns the timers fired. */
export function driver(now: f64): i32 {
  const fired = advanceWheel(now);
  releaseDeferred();
  set(TICK, 0);
  return fired;
}

/** Makes the next `next` answer DRIVER: TypeScript wants to look at something before another task is polled. */
export function interrupt(): void {
  set(TICK, get(EVENT_INTERVAL));
}

/** Tasks that could be polled at once. */
export function ready(): i32 {
  return runnable() + (hasDeferred() ? 1 : 0);
}

export function aliveTasks(): i32 {
  return loadShared(HEADER + HEADER_TASK_ALIVE);
}

export function aliveTimers(): i32 {
  return loadShared(HEADER + HEADER_TIMER_ALIVE);
}

export function taskSlots(): i32 {
  return loadShared(HEADER + HEADER_TASK_COUNT);
}

export function queueLength(): i32 {
  return runnable();
}

export function pollCount(): i32 {
  return get(POLL_COUNT);
}

export function taskState(slot: i32): i32 {
  return stateOf(taskAddress(slot));
}

export function taskPolls(slot: i32): i32 {
  return load<i32>(taskAddress(slot) + TASK_POLLS);
}

export function isTask(slot: i32, generation: i32): bool {
  return isSameTask(taskAddress(slot), generation);
}

export function setTrace(on: i32): void {
  set(TRACE_ON, on);
}

export function traceCount(): i32 {
  return get(TRACE_COUNT);
}

/** Address of a trace record. */
export function traceAddress(index: i32): i32 {
  return slotAddress(TRACE_DIRECTORY, index, TRACE_SHIFT) as i32;
}

export function clearTrace(): void {
  set(TRACE_COUNT, 0);
}
