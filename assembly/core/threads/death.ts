// A thread has died in the middle of whatever it was doing: by an uncaught error, by `process.exit`, by termination, for want
// of memory. The owner of the runtime calls recover, once, when the thread cannot run any more.
//
// D1  What the thread held of things that are shared is let go: locks, a theft under way, its place among searchers and
//     sleepers.
// D2  A task that has not started and was in its hands goes back to the injector. In whose hands a task is stands in its
//     header (task.ts, setHolder), and is changed before the task can be found elsewhere.
// D3  A task that was pinned to it has ended: lost. Its joiner is told; one of a local task died with it.
// D4  The record is made fit for the thread that takes its place; what belongs to it (heap, free lists, inbox) stays. So it is when
//     a thread has ended in order.

import {
  CALLS,
  CURRENT,
  DEFERRED_HEAD,
  DEFERRED_TAIL,
  DELIVERING,
  DRAINED,
  DRAINING,
  FOREIGN_FIRED,
  HEADER,
  HEADER_TASK_COUNT,
  HEADER_TIMER_COUNT,
  HEADER_WORKERS,
  IMPORTING,
  IN_PARK,
  LEAVING,
  LIFO,
  LIFO_RUN,
  PARK,
  QUEUE_HEAD,
  QUEUE_TAIL,
  SEARCHING,
  TASK_DIRECTORY,
  TASK_HOME,
  TASK_JOINER,
  TASK_KIND,
  TASK_OUTCOME,
  TASK_POLLS,
  TASK_SHIFT,
  WHEEL_ELAPSED,
  WHEEL_SLOTS,
} from "../layout";
import { loseClaims } from "../shared/loss";
import { giveSlotsTo, hasPage } from "../slab";
import {
  COMPLETE,
  RUNNING,
  SCHEDULED,
  stateOf,
  transitionToLost,
  transitionToUntaken,
} from "../state";
import { loadShared, storeShared } from "../sync";
import {
  generationOf,
  KIND_BLOCKING,
  KIND_LOCAL,
  KIND_MARK,
  madeBy,
  nextOf,
  setNext,
  taskAddress,
} from "../task";
import { freeTimersOf } from "../wheel";
import { recordOf } from "../worker";
import { forgetBits, repairBlocking, submitBlocking, wantIfShort } from "./blocking";
import { deliver, freeDelivered, OUTCOME_LOST, OUTCOME_PORT, settleDelivery } from "./ending";
import { forgetThread } from "./idle";
import { takeInbox } from "./inbox";
import { inject, repairInjector } from "./injector";
import { unparkAll } from "./parking";
import { releasePayload } from "./payload";
import { freeRecord, markDead } from "./registry";
import { drainRing, recoverTheft } from "./ring";
import { forgetBlocked } from "./substitutes";

function recoverThefts(dead: i32): void {
  const workers = loadShared(HEADER + HEADER_WORKERS);
  for (let victim = 0; victim < workers; victim++) recoverTheft(recordOf(victim), dead);
}

function markChain(first: u32): void {
  for (let task = first as usize; task != 0; task = nextOf(task)) markOwn(task);
}

function markOwn(task: usize): void {
  store<i32>(task + TASK_KIND, load<i32>(task + TASK_KIND) | KIND_MARK);
}

/** Whether it was marked; it is no longer. */
function takeMark(task: usize): bool {
  const kind = load<i32>(task + TASK_KIND);
  store<i32>(task + TASK_KIND, kind & ~KIND_MARK);
  return (kind & KIND_MARK) != 0;
}

/**
 * Marks the tasks that stand in lists which only the dead thread touched. A task of its that is scheduled and in none of them
 * is in its inbox, or in the hands of one who is about to put it there.
 */
function markOwnLists(record: usize): void {
  markChain(load<u32>(record + QUEUE_HEAD));
  markChain(load<u32>(record + DEFERRED_HEAD));
  markChain(load<u32>(record + DRAINED));
  markChain(load<u32>(record + DRAINING));
  const lifo = load<u32>(record + LIFO) as usize;
  if (lifo != 0) markOwn(lifo);
  const current = load<u32>(record + CURRENT) as usize;
  if (current != 0 && (stateOf(current) & COMPLETE) != 0) markOwn(current);
}

/** D3. A task whose own joiner is the dead thread has nobody left. False: it will come out of the inbox, see sweep. */
function loseTask(task: usize, dead: i32): bool {
  const own = takeMark(task);
  // All lists of the dead thread have been walked, so the link is needed no more.
  if (own) setNext(task, 0);
  store<i32>(task + TASK_OUTCOME, OUTCOME_LOST);
  if (load<i32>(task + TASK_JOINER) == dead + 1) store<i32>(task + TASK_JOINER, 0);
  const state = transitionToLost(task);
  if ((state & (SCHEDULED | RUNNING)) == SCHEDULED && !own) return false;
  endLost(task);
  return true;
}

function endLost(task: usize): void {
  releasePayload(task);
  deliver(task, load<i32>(task + TASK_JOINER));
}

/** D2. A mark that went along would be taken for that of the next thread which dies with it. */
function resubmit(task: usize): void {
  takeMark(task);
  setNext(task, 0);
  transitionToUntaken(task);
  if (load<i32>(task + TASK_KIND) == KIND_BLOCKING) submitBlocking(task);
  else inject(task);
}

/**
 * A task that was started and could not be polled yet, for want of its module. It is idle or in one of the dead thread's own lists;
 * an abort that is just under way makes it lost.
 */
function hasNotBegun(task: usize): bool {
  const kind = load<i32>(task + TASK_KIND);
  if ((kind & ~KIND_MARK) == KIND_LOCAL || load<i32>(task + TASK_POLLS) != 0) return false;
  if (load<i32>(task + TASK_OUTCOME) == OUTCOME_PORT) return false;
  return (stateOf(task) & (SCHEDULED | RUNNING)) == 0 || (kind & KIND_MARK) != 0;
}

/** An end that had been delivered to the dead thread, and that it had not taken. What is in its inbox, sweep finds. */
function recoverEnd(task: usize, dead: i32): void {
  if (!takeMark(task) || load<i32>(task + TASK_JOINER) != dead + 1) return;
  setNext(task, 0);
  freeDelivered(task);
}

/** Every slot ever made is looked at: rare enough. Returns how many tasks were lost. */
function recoverTasks(dead: i32): i32 {
  const slots = loadShared(HEADER + HEADER_TASK_COUNT);
  let lost = 0;
  for (let slot = 0; slot < slots; slot++) {
    if (!hasPage(TASK_DIRECTORY, slot, TASK_SHIFT)) continue;
    const task = taskAddress(slot);
    if (generationOf(task) == 0) continue;
    if ((stateOf(task) & COMPLETE) != 0) {
      recoverEnd(task, dead);
      continue;
    }
    const home = loadShared(task + TASK_HOME);
    if (home == -(dead + 1)) {
      resubmit(task);
    } else if (home == madeBy(dead)) {
      transitionToLost(task);
      freeDelivered(task);
    } else if (home == dead + 1 && hasNotBegun(task)) {
      resubmit(task);
    } else if (home == dead + 1) {
      lost++;
      if (!loseTask(task, dead)) strays++;
    }
  }
  return lost;
}

/** Lost tasks that have not come out of an inbox yet. */
let strays: i32 = 0;

/**
 * Ends what has come out of the inbox of a thread that has died, and passes on what another thread has for its heir.
 * Returns how many lost tasks are still to come: then call it again in a moment.
 */
export function sweep(dead: i32): i32 {
  giveSlotsTo(recordOf(dead));
  let task = takeInbox(dead);
  while (task != 0) {
    const next = nextOf(task);
    setNext(task, 0);
    // Lost tasks, and ends of tasks that the dead thread had spawned: nobody is left to take those.
    if (load<i32>(task + TASK_OUTCOME) == OUTCOME_LOST) strays--;
    else store<i32>(task + TASK_JOINER, 0);
    endLost(task);
    task = next;
  }
  giveSlotsTo(0);
  return strays;
}

/** D4. */
function resetRecord(record: usize): void {
  store<i32>(record + QUEUE_HEAD, 0);
  store<i32>(record + QUEUE_TAIL, 0);
  store<i32>(record + DEFERRED_HEAD, 0);
  store<i32>(record + DEFERRED_TAIL, 0);
  store<i32>(record + LIFO, 0);
  store<i32>(record + LIFO_RUN, 0);
  store<i32>(record + CURRENT, 0);
  store<i32>(record + SEARCHING, 0);
  store<i32>(record + IN_PARK, 0);
  store<i32>(record + DELIVERING, 0);
  store<i32>(record + IMPORTING, 0);
  store<i32>(record + CALLS, 0);
  store<i32>(record + LEAVING, 0);
  store<i32>(record + DRAINING, 0);
  store<i32>(record + DRAINED, 0);
  store<i32>(record + FOREIGN_FIRED, 0);
  storeShared(record + PARK, 0);
  memory.fill(record + WHEEL_ELAPSED, 0, WHEEL_SLOTS - WHEEL_ELAPSED);
  memory.fill(record + WHEEL_SLOTS, 0, 3072);
}

/**
 * Clears up after a thread. Returns how many tasks were lost with it. That one of the blocking pool does not count any more is
 * `forgetBlocking`'s: it may have died before its record said what it was.
 */
export function recover(dead: i32): i32 {
  const record = recordOf(dead);
  markDead(dead);
  markOwnLists(record);
  repairInjector(dead);
  repairBlocking(dead);
  // Before anything is given to a thread of the pool again.
  forgetBits(dead);
  recoverThefts(dead);
  drainRing(record);
  settleDelivery(record);
  loseClaims(record, dead);
  giveSlotsTo(record);
  const lost = recoverTasks(dead);
  freeTimersOf(dead, loadShared(HEADER + HEADER_TIMER_COUNT));
  giveSlotsTo(0);
  forgetThread(dead);
  forgetBlocked(dead);
  unparkAll();
  sweep(dead);
  resetRecord(record);
  freeRecord(dead);
  wantIfShort();
  return lost;
}

/**
 * A thread has ended in order, or before it had begun: what it has left behind is given up, and nothing was lost with it. The record
 * is made fit for the next thread all the same (D4): its clock begins anew, and timers on a wheel that stands at the time of the last
 * one's would not fire before that time has come again.
 */
export function retire(thread: i32): void {
  const record = recordOf(thread);
  repairInjector(thread);
  repairBlocking(thread);
  forgetBits(thread);
  loseClaims(record, thread);
  giveSlotsTo(record);
  freeTimersOf(thread, loadShared(HEADER + HEADER_TIMER_COUNT));
  giveSlotsTo(0);
  resetRecord(record);
  freeRecord(thread);
}
