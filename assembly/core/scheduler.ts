// The executor: one call a poll. TypeScript polls the task it was handed, and its next call reports how that poll ended
// and is handed the task after it.
//
// The protocol with TypeScript:
//   spawn(generation)   → a slot, already queued, or -1 when there is no room
//   next(outcome)       → a slot to poll | DROP_FLAG, or EMPTY, or DRIVER; with threads also a slot | START_FLAG (a sendable
//                         task whose first poll is here) or | RESULT_FLAG (the end of one that was spawned here)
//   driver(now)         after DRIVER or EMPTY: fires timers and lets the deferred tasks back in
// `outcome` belongs to the slot that the last `next` returned: NONE if it returned none.

import {
  COUNT_DELIVERED,
  CURRENT,
  DRIVER_AT,
  EVENT_INTERVAL,
  HEADER,
  HEADER_TASK_COUNT,
  HEADER_TASK_LIMIT,
  HEADER_THREADS,
  HEADER_TIMER_LIMIT,
  LIFO_ENABLED,
  POLL_COUNT,
  TASK_POLLS,
  TASK_SLAB,
  TIMER_SLAB,
  TRACE_COUNT,
  TRACE_DIRECTORY,
  TRACE_ON,
  TRACE_SHIFT,
} from "./layout";
import {
  countRunnable,
  hasDeferred,
  hasRunnable,
  popFront,
  pushBack,
  pushDeferred,
  releaseDeferred,
} from "./queue";
import { aliveIn, slotAddress } from "./slab";
import {
  DROP,
  RUNNING,
  SUBMIT,
  stateOf,
  transitionToComplete,
  transitionToIdle,
  transitionToRunning,
  transitionToYielded,
} from "./state";
import { loadShared, storeShared } from "./sync";
import {
  countPoll,
  freeTask,
  generationOf,
  isSameTask,
  newTask,
  setHome,
  slotOf,
  taskAddress,
} from "./task";
import { completeTask, freeDelivered } from "./threads/ending";
import { DROPPED, GONE, hasOwnWork, prepare, RESULT_FLAG, take } from "./threads/take";
import { tuneInterval } from "./threads/tuning";
import { isTracing, TRACE_COMPLETE, TRACE_POLL, TRACE_SPAWN, TRACE_YIELD, trace } from "./trace";
import { advanceWheel } from "./wheel";
import { count, get, getAddress, recordOf, self, set, setAddress } from "./worker";

/** How a poll ended, and what `next` answers besides a slot: ts/runtime/core/binding.ts has the same names. */
const PENDING: i32 = 0;
const YIELDED: i32 = 1;
const COMPLETED: i32 = 2;
const DELIVERED: i32 = 3; // of a RESULT_FLAG: the result has been taken
const DETAINED: i32 = 4; // of a DROP_FLAG: it ends with `release`
const DROP_FLAG: i32 = 1 << 24;
const EMPTY: i32 = -1;
const DRIVER: i32 = -2;

export function configure(taskLimit: i32, timerLimit: i32, eventInterval: i32, lifo: i32): void {
  storeShared(HEADER + HEADER_TASK_LIMIT, taskLimit);
  storeShared(HEADER + HEADER_TIMER_LIMIT, timerLimit);
  set(EVENT_INTERVAL, eventInterval);
  // Polls of a thread that had this record before are counted too.
  set(DRIVER_AT, get(POLL_COUNT) + eventInterval);
  set(LIFO_ENABLED, lifo);
}

/** The header of the task being polled by this thread, or 0. */
function current(): usize {
  return getAddress(CURRENT);
}

/** Makes a task and puts it at the tail; -1 when there is no room for another. */
export function spawn(generation: i32): i32 {
  const task = newTask(generation);
  if (task == 0) return -1;
  if (isTracing()) trace(TRACE_SPAWN, generation);
  if (ASC_FEATURE_THREADS) setHome(task, self());
  pushBack(task);
  return slotOf(task);
}

function finish(task: usize, outcome: i32): void {
  if (ASC_FEATURE_THREADS && outcome == DELIVERED) {
    count(COUNT_DELIVERED);
    freeDelivered(task);
  } else if (ASC_FEATURE_THREADS && outcome == DETAINED) {
    // It stays RUNNING: nobody queues it, and it is lost with its thread.
    assert((stateOf(task) & RUNNING) != 0, "scheduler: a task that is detained runs");
  } else if (outcome == PENDING) {
    if (transitionToIdle(task) == SUBMIT) pushBack(task);
  } else if (outcome == YIELDED) {
    if (isTracing()) trace(TRACE_YIELD, generationOf(task));
    transitionToYielded(task);
    pushDeferred(task);
  } else {
    assert(outcome == COMPLETED, "scheduler: an outcome is pending, yielded or completed");
    if (isTracing()) trace(TRACE_COMPLETE, generationOf(task));
    complete(task);
  }
}

/** A task that was detained ends. */
export function release(slot: i32): void {
  const task = taskAddress(slot);
  if (isTracing()) trace(TRACE_COMPLETE, generationOf(task));
  completeTask(task);
}

function complete(task: usize): void {
  if (ASC_FEATURE_THREADS) {
    completeTask(task);
    return;
  }
  transitionToComplete(task);
  freeTask(task);
}

/** What `next` answers for a task that was taken: a slot with its flags, or -1 when nothing is left to do for it. */
function answerFor(task: usize): i32 {
  const slot = slotOf(task);
  let flag = ASC_FEATURE_THREADS ? prepare(task) : 0;
  if (!ASC_FEATURE_THREADS && transitionToRunning(task) == DROP) flag = DROPPED;
  if (flag == GONE) return -1;
  setAddress(CURRENT, task);
  if (flag == DROPPED) return slot | DROP_FLAG;
  if (flag == RESULT_FLAG) return slot | RESULT_FLAG;
  countPoll(task);
  if (isTracing()) trace(TRACE_POLL, generationOf(task));
  return slot | flag;
}

/** Reports the end of the last poll and takes the next task. */
export function next(outcome: i32): i32 {
  const last = current();
  if (last != 0) {
    setAddress(CURRENT, 0);
    finish(last, outcome);
  }
  for (;;) {
    const polls = get(POLL_COUNT);
    if (polls == get(DRIVER_AT)) return DRIVER;
    const task = ASC_FEATURE_THREADS ? take() : popFront();
    if (task == 0) return hasDeferred() ? DRIVER : EMPTY;
    set(POLL_COUNT, polls + 1);
    const answer = answerFor(task);
    if (answer < 0) continue;
    return answer;
  }
}

/** The driver's turn: moves the wheel to the tick `now`, then lets deferred tasks back in. Returns the timers fired. */
export function driver(now: f64): i32 {
  const fired = advanceWheel(now);
  releaseDeferred();
  if (ASC_FEATURE_THREADS) tuneInterval(now);
  set(DRIVER_AT, get(POLL_COUNT) + get(EVENT_INTERVAL));
  return fired;
}

/** Makes the next `next` answer DRIVER: TypeScript wants to look at something before another task is polled. */
export function interrupt(): void {
  set(DRIVER_AT, get(POLL_COUNT));
}

/** Whether a task could be polled at once, or after a driver turn. */
export function ready(): bool {
  return (ASC_FEATURE_THREADS ? hasOwnWork() : hasRunnable()) || hasDeferred();
}

/** Over all threads; exact when none of them is running. */
function alive(slab: usize): i32 {
  const threads = ASC_FEATURE_THREADS ? max(1, loadShared(HEADER + HEADER_THREADS)) : 1;
  let total = 0;
  for (let thread = 0; thread < threads; thread++) total += aliveIn(recordOf(thread), slab);
  return total;
}

export function aliveTasks(): i32 {
  return alive(TASK_SLAB);
}

export function aliveTimers(): i32 {
  return alive(TIMER_SLAB);
}

export function taskSlots(): i32 {
  return loadShared(HEADER + HEADER_TASK_COUNT);
}

export function queueLength(): i32 {
  return countRunnable();
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
