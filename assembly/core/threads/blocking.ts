// The queue of the blocking pool: calls that may take long or block, each run by a thread of its own. Tokio's rules
// (runtime/blocking/pool.rs): an idle thread takes the call, else a new one is asked for while there are fewer than the
// most, else it waits in the queue.
//
// B1  A thread counts from the moment it is asked for, so that a burst asks for no more than are allowed. To ask for it and to count
//     it is one step, so that nobody dies between the two.
// B2  A thread that goes idle sets its bit and then looks at the queue again; who queues a call looks for a bit afterwards.
// B3  A thread takes tens of milliseconds to start: while as many are coming as calls wait, none is asked for besides. Coming are
//     those that are wanted and those that the owner is starting. A bit says so for each of these, and whoever hears first that it has
//     come, or that it never will, clears it.
// B4  A thread that ends for want of calls takes none any more before it looks at the queue for the last time. Who queues one after
//     that look does not find it idle: another thread is asked for then, or, if there are as many as may be, when this one has ended.
// B5  Who queues a call may die before it has asked for a thread, and a thread before it has taken the call that it was woken or
//     started for. So who clears up after a thread, whatever that was, asks if calls wait and too few are coming.
//
// Models: tests/model/models/blocking.ts.

import {
  HEADER,
  HEADER_BLOCKING,
  HEADER_BLOCKING_IDLE,
  HEADER_BLOCKING_STARTING,
  HEADER_OWNER,
  HEADER_SUBSTITUTE_WANTED,
  HEADER_THREADS,
  LEAVING,
} from "../layout";
import { addShared, andShared, compareExchange, loadShared, orShared } from "../sync";
import { setNext, setUnheld } from "../task";
import { self, set } from "../worker";
import { lengthOf, popChain, pushChain, repairList } from "./injector";
import { unpark } from "./parking";

const QUEUE: usize = HEADER + HEADER_BLOCKING;
const MOST_THREADS: usize = QUEUE + 20;

/** Wanted, 16 bits, over those that count, 16 bits: the wanted ones are among these (B1). */
const POOL: usize = QUEUE + 16;
const COUNTED: i32 = 0xffff;
const WANTED_SHIFT: i32 = 16;
const ONE_WANTED: i32 = (1 << WANTED_SHIFT) + 1;

/** Sets of threads: a bit each. */
const IDLE: usize = HEADER + HEADER_BLOCKING_IDLE;
const STARTING: usize = HEADER + HEADER_BLOCKING_STARTING;

function wordOf(threads: usize, thread: i32): usize {
  return threads + ((thread >> 5) << 2);
}

function bitOf(thread: i32): i32 {
  return 1 << (thread & 31);
}

function setBit(threads: usize, thread: i32): void {
  orShared(wordOf(threads, thread), bitOf(thread));
}

/** Whether it was set; it is no longer. */
function takeBit(threads: usize, thread: i32): bool {
  return (andShared(wordOf(threads, thread), ~bitOf(thread)) & bitOf(thread)) != 0;
}

function countBits(threads: usize): i32 {
  const most = loadShared(HEADER + HEADER_THREADS);
  let count = 0;
  for (let first = 0; first < most; first += 32)
    count += popcnt(loadShared(wordOf(threads, first)));
  return count;
}

function anyIdle(): i32 {
  const threads = loadShared(HEADER + HEADER_THREADS);
  for (let first = 0; first < threads; first += 32) {
    const word = wordOf(IDLE, first);
    for (let bits = loadShared(word); bits != 0; bits = loadShared(word)) {
      const thread = first + ctz(bits);
      if (takeBit(IDLE, thread)) return thread;
    }
  }
  return -1;
}

function wanted(): i32 {
  return loadShared(POOL) >>> WANTED_SHIFT;
}

/** Asks the owner for another thread unless there are as many as may be (B1). */
function wantThread(): void {
  for (;;) {
    const pool = loadShared(POOL);
    if ((pool & COUNTED) >= loadShared(MOST_THREADS)) return;
    if (compareExchange(POOL, pool, pool + ONE_WANTED) == pool) break;
  }
  const owner = loadShared(HEADER + HEADER_OWNER);
  if (owner != 0) unpark(owner - 1);
}

/**
 * B3. The calls are counted first: a thread that comes clears its bit and takes one second, so that it is seen here at one of the
 * two at least.
 */
export function wantIfShort(): void {
  const calls = blockingLength();
  if (calls > wanted() + countBits(STARTING)) wantThread();
}

export function submitBlocking(task: usize): void {
  setUnheld(task);
  setNext(task, 0);
  pushChain(QUEUE, task, task, 1);
  const thread = anyIdle();
  if (thread >= 0) unpark(thread);
  else wantIfShort();
}

/** The owner is about to start a thread that was wanted (B3). */
export function startBegun(thread: i32): void {
  setBit(STARTING, thread);
}

/** This thread has been started, and comes to its first turn (B3). */
export function startSucceeded(): void {
  takeBit(STARTING, self());
}

/** The oldest call, or 0. */
export function popBlocking(): usize {
  return popChain(QUEUE, 1);
}

export function blockingLength(): i32 {
  return lengthOf(QUEUE);
}

export function becomeIdle(): void {
  setBit(IDLE, self());
}

export function ceaseIdle(): void {
  takeBit(IDLE, self());
}

/** This thread is not idle and is about to end. False, and it stays: a call waits, for which another would have to be started (B4). */
export function leavePool(): bool {
  set(LEAVING, 1);
  if (blockingLength() == 0) return true;
  set(LEAVING, 0);
  return false;
}

/** How many threads the owner is to start now; they count already. */
export function takeWanted(): i32 {
  return andShared(POOL, COUNTED) >>> WANTED_SHIFT;
}

/** Whether the owner is to start any thread. */
export function hasWanted(): bool {
  return wanted() != 0 || loadShared(HEADER + HEADER_SUBSTITUTE_WANTED) != 0;
}

/** A thread of the pool has ended, or could not be started. Calls that wait get another one (B4, B5). */
export function forgetBlocking(): void {
  const before = addShared(POOL, -1);
  assert((before & COUNTED) > before >>> WANTED_SHIFT, "blocking: one ended that did not count");
  wantIfShort();
}

/** The thread has ended: it is neither idle nor coming. Before its record is anybody else's. */
export function forgetBits(thread: i32): void {
  takeBit(IDLE, thread);
  takeBit(STARTING, thread);
}

export function blockingThreads(): i32 {
  return loadShared(POOL) & COUNTED;
}

export function idleBlocking(): i32 {
  return countBits(IDLE);
}

export function repairBlocking(dead: i32): void {
  repairList(QUEUE, dead);
}
