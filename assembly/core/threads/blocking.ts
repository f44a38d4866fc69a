// The queue of the blocking pool: calls that may take long or block, each run by a thread of its own. Tokio's rules
// (runtime/blocking/pool.rs): an idle thread takes the call, else a new one is asked for while there are fewer than the
// most, else it waits in the queue.
//
// B1  A thread counts from the moment it is asked for, so that a burst asks for no more than are allowed.
// B2  A thread that goes idle sets its bit and then looks at the queue again; who queues a call looks for a bit afterwards.
// B3  A thread takes tens of milliseconds to start: while as many are starting as calls wait, none is asked for besides.

import {
  HEADER,
  HEADER_BLOCKING,
  HEADER_BLOCKING_IDLE,
  HEADER_OWNER,
  HEADER_SUBSTITUTE_WANTED,
  HEADER_THREADS,
  HEADER_WANTED_BLOCKING,
} from "../layout";
import { addShared, andShared, exchangeShared, loadShared, orShared } from "../sync";
import { setNext, setUnheld } from "../task";
import { self } from "../worker";
import { lengthOf, popChain, pushChain, repairList } from "./injector";
import { unpark } from "./parking";

const QUEUE: usize = HEADER + HEADER_BLOCKING;
const THREADS: usize = QUEUE + 16;
const MOST_THREADS: usize = QUEUE + 20;
const STARTING: usize = QUEUE + 24;
const WANTED: usize = HEADER + HEADER_WANTED_BLOCKING;

function idleWord(thread: i32): usize {
  return HEADER + HEADER_BLOCKING_IDLE + ((thread >> 5) << 2);
}

function bitOf(thread: i32): i32 {
  return 1 << (thread & 31);
}

function takeIdle(thread: i32): bool {
  return (andShared(idleWord(thread), ~bitOf(thread)) & bitOf(thread)) != 0;
}

function anyIdle(): i32 {
  const threads = loadShared(HEADER + HEADER_THREADS);
  for (let first = 0; first < threads; first += 32) {
    for (let bits = loadShared(idleWord(first)); bits != 0; bits = loadShared(idleWord(first))) {
      const thread = first + ctz(bits);
      if (takeIdle(thread)) return thread;
    }
  }
  return -1;
}

/** Asks the owner for another thread unless there are as many as may be (B1). */
function wantThread(): void {
  if (addShared(THREADS, 1) >= loadShared(MOST_THREADS)) {
    addShared(THREADS, -1);
    return;
  }
  addShared(STARTING, 1);
  addShared(WANTED, 1);
  const owner = loadShared(HEADER + HEADER_OWNER);
  if (owner != 0) unpark(owner - 1);
}

export function submitBlocking(task: usize): void {
  setUnheld(task);
  setNext(task, 0);
  pushChain(QUEUE, task, task, 1);
  const thread = anyIdle();
  if (thread >= 0) unpark(thread);
  else if (blockingLength() > loadShared(STARTING)) wantThread();
}

/** A thread that was asked for has come to its first turn (B3). */
export function startSucceeded(): void {
  addShared(STARTING, -1);
}

/** It never will. */
export function startFailed(): void {
  addShared(STARTING, -1);
}

/** The oldest call, or 0. */
export function popBlocking(): usize {
  return popChain(QUEUE, 1);
}

export function blockingLength(): i32 {
  return lengthOf(QUEUE);
}

export function becomeIdle(): void {
  orShared(idleWord(self()), bitOf(self()));
}

export function ceaseIdle(): void {
  takeIdle(self());
}

/** How many threads the owner is to start now; they count already. */
export function takeWanted(): i32 {
  return exchangeShared(WANTED, 0);
}

/** Whether the owner is to start any thread. */
export function hasWanted(): bool {
  return loadShared(WANTED) != 0 || loadShared(HEADER + HEADER_SUBSTITUTE_WANTED) != 0;
}

/** A thread of the pool has ended, or could not be started. Calls that wait get another one. */
export function forgetBlocking(): void {
  addShared(THREADS, -1);
  if (blockingLength() > 0) wantThread();
}

/** The thread has died: it is idle no longer. */
export function forgetIdle(thread: i32): void {
  takeIdle(thread);
}

export function blockingThreads(): i32 {
  return loadShared(THREADS);
}

export function idleBlocking(): i32 {
  const threads = loadShared(HEADER + HEADER_THREADS);
  let count = 0;
  for (let first = 0; first < threads; first += 32) count += popcnt(loadShared(idleWord(first)));
  return count;
}

export function repairBlocking(dead: i32): void {
  repairList(QUEUE, dead);
}
