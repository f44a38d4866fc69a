// What the module exports besides, when it is built with threads. ts/runtime/core/binding.ts is the only importer, and the
// names there are the names here.

import {
  CALLS,
  COUNT_STARTED,
  FIRST_PAGE,
  HEADER,
  HEADER_BASE_WORKERS,
  HEADER_BLOCKING,
  HEADER_CORES,
  HEADER_GLOBAL_INTERVAL,
  HEADER_OWNER,
  HEADER_PAGES,
  HEADER_RESERVED,
  HEADER_TASK_LIMIT,
  HEADER_TIMER_LIMIT,
  HEADER_WORKERS,
  PARK,
  TASK_FUNCTION,
  TASK_HOME,
  TASK_ID,
  TASK_JOINER,
  TASK_KIND,
  TASK_LENGTH,
  TASK_NUMBER,
  TASK_OUTCOME,
  TASK_POLLS,
  TASK_SLAB,
} from "../layout";
import { aliveIn } from "../slab";
import { loadShared, storeShared } from "../sync";
import { KIND_BLOCKING, taskAddress } from "../task";
import { get, recordOf, self, set, worker } from "../worker";
import { enter, leave, left } from "./dismissal";
import { carryClaim, payloadOf, releaseClaims, replacePayload } from "./payload";
import { ROLE_CALLER, roleOf } from "./registry";

export {
  blockingLength,
  blockingThreads,
  hasWanted,
  idleBlocking,
  leavePool,
  startBegun,
  startSucceeded,
  takeWanted,
} from "./blocking";
export { isClosed } from "./closing";
export { dismiss, heedStop } from "./dismissal";
export {
  beginPark,
  clearClosed,
  close,
  endPark,
  enterFunction,
  forgetBlocking,
  handOff,
  newName,
  newSendable,
  recover,
  release,
  retire,
  search,
  spawnNumber,
  submit,
  submitTo,
  sweep,
  unpark,
} from "./doors";
export { functionCount, functionName } from "./functions";
export { searchers } from "./idle";
export { injectorLength } from "./injector";
export { counterOf, currentOf, isThreadParked, pollsOf, ringLengthOf } from "./metrics";
export {
  beginThread,
  claimAny,
  claimRecord,
  freeRecord,
  hasBegun,
  hasCompany,
  roleOf,
  stateOfThread,
} from "./registry";
export { lastId, newId } from "./submit";
export { setImporting, takeBack, takeWantedSubstitutes } from "./substitutes";

/** Sets up the memory, once, by the thread that owns the runtime. */
export function setUp(
  workers: i32,
  substitutes: i32,
  cores: i32,
  mostBlocking: i32,
  globalInterval: i32,
  taskLimit: i32,
  timerLimit: i32,
): void {
  storeShared(HEADER + HEADER_BASE_WORKERS, workers);
  storeShared(HEADER + HEADER_WORKERS, workers);
  storeShared(HEADER + HEADER_RESERVED, workers + substitutes);
  storeShared(HEADER + HEADER_CORES, cores);
  storeShared(HEADER + HEADER_GLOBAL_INTERVAL, globalInterval);
  storeShared(HEADER + HEADER_TASK_LIMIT, taskLimit);
  storeShared(HEADER + HEADER_TIMER_LIMIT, timerLimit);
  storeShared(HEADER + HEADER_BLOCKING + 20, mostBlocking);
}

/** This thread starts the others: it is woken when one is wanted. */
export function becomeOwner(): void {
  storeShared(HEADER + HEADER_OWNER, self() + 1);
}

/** Calls of the blocking pool that have begun on this thread and not ended. */
export function callsHere(): i32 {
  return get(CALLS);
}

/** Tasks that this thread's slots are used for: its own, and those it joins. */
export function aliveHere(): i32 {
  return aliveIn(worker(), TASK_SLAB);
}

/** The thread that starts others. */
export function ownerThread(): i32 {
  return loadShared(HEADER + HEADER_OWNER) - 1;
}

/** Whether what cannot be bytes can get to a thread: the owner and those it has started have a port. */
export function hasPort(thread: i32): bool {
  return roleOf(thread) != ROLE_CALLER || loadShared(HEADER + HEADER_OWNER) == thread + 1;
}

/** Pages of memory in use, records and header included. */
export function usedPages(): i32 {
  return FIRST_PAGE + loadShared(HEADER + HEADER_PAGES);
}

/** How many workers there are, without substitutes. */
export function workerCount(): i32 {
  return loadShared(HEADER + HEADER_BASE_WORKERS);
}

/** Index of a thread's park word, for an Int32Array over the memory. */
export function parkIndex(thread: i32): i32 {
  return ((recordOf(thread) + PARK) >> 2) as i32;
}

// ── What stands in a task's header, for TypeScript ──────────────────────────────────────────────────────────────────

export function functionOf(slot: i32): i32 {
  return load<i32>(taskAddress(slot) + TASK_FUNCTION);
}

/** A task that was started here and cannot be polled yet: it will be started once more, when it is woken. */
export function restart(slot: i32): void {
  enter();
  const task = taskAddress(slot);
  store<i32>(task + TASK_POLLS, 0);
  set(COUNT_STARTED, get(COUNT_STARTED) - 1);
  if (load<i32>(task + TASK_KIND) == KIND_BLOCKING) set(CALLS, get(CALLS) - 1);
  leave();
}

export function idOf(slot: i32): f64 {
  return load<f64>(taskAddress(slot) + TASK_ID);
}

export function kindOf(slot: i32): i32 {
  return load<i32>(taskAddress(slot) + TASK_KIND);
}

/** The thread to which a task's end is delivered, or -1. */
export function joinerOf(slot: i32): i32 {
  return load<i32>(taskAddress(slot) + TASK_JOINER) - 1;
}

/** The thread that runs or has run a task, or -1. */
export function homeOf(slot: i32): i32 {
  return loadShared(taskAddress(slot) + TASK_HOME) - 1;
}

export function outcomeOf(slot: i32): i32 {
  return load<i32>(taskAddress(slot) + TASK_OUTCOME);
}

export function numberOf(slot: i32): f64 {
  return load<f64>(taskAddress(slot) + TASK_NUMBER);
}

export function payloadAddress(slot: i32): i32 {
  return payloadOf(taskAddress(slot)) as i32;
}

export function payloadLength(slot: i32): i32 {
  return load<i32>(taskAddress(slot) + TASK_LENGTH);
}

/** Room for a result of so many bytes; its address, or 0 when there is no memory. */
export function setResult(slot: i32, outcome: i32, bytes: i32): i32 {
  enter();
  return left(replacePayload(taskAddress(slot), bytes, outcome) as i32);
}

/** A result that is a number, or needs no bytes at all. */
export function setNumber(slot: i32, outcome: i32, value: f64): void {
  const task = taskAddress(slot);
  store<i32>(task + TASK_OUTCOME, outcome);
  store<f64>(task + TASK_NUMBER, value);
}

/** A claim on a shared primitive goes with the task's payload. */
export function carry(slot: i32, claim: usize): void {
  enter();
  carryClaim(taskAddress(slot), claim);
  leave();
}

/** The handles that came with the payload have been read. */
export function dropCarried(slot: i32): void {
  enter();
  releaseClaims(taskAddress(slot));
  leave();
}
