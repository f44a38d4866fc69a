// Who uses which record. Workers have the records from 0 on; every other thread that takes part takes a free one behind them.
//
// G1  A record is used by one thread at a time. Its inbox, free lists and heap outlive the thread: the next one inherits them.
// G2  Only the owner of the runtime declares a thread dead, and it recovers before it lets anybody else use the record.

import {
  HEADER,
  HEADER_RESERVED,
  HEADER_THREADS,
  HEADER_WORKERS,
  LIFO_ENABLED,
  MOST_THREADS,
  THREAD_ROLE,
  THREAD_STATE,
} from "../layout";
import { compareExchange, loadShared, storeShared } from "../sync";
import { get, recordOf, self, set, worker } from "../worker";
import { forgetDismissal } from "./dismissal";

export const ROLE_CALLER: i32 = 0;
export const ROLE_WORKER: i32 = 1;
export const ROLE_BLOCKING: i32 = 2;

export const FREE: i32 = 0;
export const TAKEN: i32 = 1;
export const RUNNING_THREAD: i32 = 2;
export const DEAD: i32 = 3;

function raise(field: usize, count: i32): void {
  const address = HEADER + field;
  for (;;) {
    const before = loadShared(address);
    if (before >= count || compareExchange(address, before, count) == before) return;
  }
}

/** Takes the record of a worker; false if it is in use. */
export function claimRecord(thread: i32): bool {
  if (compareExchange(recordOf(thread) + THREAD_STATE, FREE, TAKEN) != FREE) return false;
  raise(HEADER_THREADS, thread + 1);
  if (thread < loadShared(HEADER + HEADER_RESERVED)) raise(HEADER_WORKERS, thread + 1);
  return true;
}

/** Takes any record behind the workers'; -1 when all are in use. */
export function claimAny(): i32 {
  for (let thread = loadShared(HEADER + HEADER_RESERVED); thread < MOST_THREADS; thread++)
    if (claimRecord(thread)) return thread;
  return -1;
}

/** The thread that calls has adopted its record and begins. */
export function beginThread(role: i32, lifo: i32): void {
  set(LIFO_ENABLED, lifo);
  storeShared(worker() + THREAD_ROLE, role);
  storeShared(worker() + THREAD_STATE, RUNNING_THREAD);
}

/** The record is free for another thread: its thread has ended in order, or has been recovered. */
export function freeRecord(thread: i32): void {
  forgetDismissal(thread);
  storeShared(recordOf(thread) + THREAD_STATE, FREE);
}

export function markDead(thread: i32): void {
  storeShared(recordOf(thread) + THREAD_STATE, DEAD);
}

/** Whether a thread has come to its first turn. */
export function hasBegun(thread: i32): bool {
  return stateOfThread(thread) == RUNNING_THREAD;
}

export function stateOfThread(thread: i32): i32 {
  return loadShared(recordOf(thread) + THREAD_STATE);
}

export function roleOf(thread: i32): i32 {
  return loadShared(recordOf(thread) + THREAD_ROLE);
}

/** This thread's role: its own record, so a plain load. */
export function role(): i32 {
  return get(THREAD_ROLE);
}

/** Whether any other thread takes part. */
export function hasCompany(): bool {
  const threads = loadShared(HEADER + HEADER_THREADS);
  for (let thread = 0; thread < threads; thread++)
    if (thread != self() && stateOfThread(thread) != FREE) return true;
  return false;
}
