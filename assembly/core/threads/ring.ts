// A worker's ring of tasks that have not started: it pushes and pops, the others steal half. Tokio's queue
// (runtime/scheduler/multi_thread/queue.rs), with its constants; ring.md has the picture and the argument.
//
//   head, 64 bits:   steal  ‖  real
//                    63…32     31…0
//
// R1  Only the owner writes the tail and the slots. Slots from `steal` to the tail are not overwritten.
// R2  `steal` != `real` while a thief is copying what lies between them; one thief at a time.
// R3  Whoever moves `real` by compare-and-swap owns what it moved past.
// R4  The counters wrap; a slot is counter mod CAPACITY.
// R5  Each task in the ring says in whose hands it is, for the case that that thread dies (death.ts): a thief re-marks what
//     it has copied before it ends the theft.

import {
  COUNT_OVERFLOWS,
  COUNT_STEALS,
  COUNT_STOLEN,
  RING,
  RING_HEAD,
  RING_TAIL,
  RING_THEFT,
  RING_THIEF,
} from "../layout";
import { compareExchange, compareExchange64, loadShared, loadShared64, storeShared } from "../sync";
import { setHolder, setNext, setUnheld } from "../task";
import { count, get, recordOf, self, set, worker } from "../worker";
import { notifyWorker } from "./idle";
import { inject, injectChain } from "./injector";

/** Small under the model checker, so that it reaches the wrap and the overflow. */
const CAPACITY: u32 = isDefined(TOKIWA_MODEL) ? 4 : 256;
const MASK: u32 = CAPACITY - 1;

function pack(steal: u32, real: u32): i64 {
  return ((steal as i64) << 32) | (real as i64);
}

function stealOf(head: i64): u32 {
  return (head >>> 32) as u32;
}

function realOf(head: i64): u32 {
  return head as u32;
}

function loadHead(record: usize): i64 {
  return loadShared64(record + RING_HEAD);
}

function changeHead(record: usize, from: i64, to: i64): bool {
  return compareExchange64(record + RING_HEAD, from, to) == from;
}

function loadTail(record: usize): u32 {
  return loadShared(record + RING_TAIL);
}

/** Publishes the slots before it. Partners: loadTail in stealFrom and in the re-check before a park. */
function storeTail(record: usize, tail: u32): void {
  storeShared(record + RING_TAIL, tail);
}

function slotAt(record: usize, counter: u32): usize {
  return record + RING + (((counter & MASK) as usize) << 2);
}

function taskAt(record: usize, counter: u32): usize {
  return loadShared(slotAt(record, counter)) as u32 as usize;
}

function storeTask(record: usize, counter: u32, task: usize): void {
  storeShared(slotAt(record, counter), task as i32);
}

/** Appends a task and tells another worker of it. Half of a full ring goes to the injector. */
export function pushRing(task: usize): void {
  setHolder(task, self());
  while (!tryPush(task));
  notifyWorker();
}

/** False when a thief or the overflow has changed the head meanwhile: try again. */
function tryPush(task: usize): bool {
  const record = worker();
  const head = loadHead(record);
  const tail = loadTail(record);
  if (tail - stealOf(head) < CAPACITY) {
    storeTask(record, tail, task);
    storeTail(record, tail + 1);
    return true;
  }
  if (stealOf(head) != realOf(head)) {
    // A thief is making room at this moment; waiting for it would make this thread's progress depend on another's.
    inject(task);
    return true;
  }
  return overflow(head, tail, task);
}

/**
 * Sends the newer half and `task` to the injector. The newer half, because what a worker takes from the injector stands in
 * the older one and would only go round in circles.
 */
function overflow(head: i64, tail: u32, task: usize): bool {
  const record = worker();
  const real = realOf(head);
  assert(tail - real == CAPACITY, "ring: only a full ring overflows");
  // Claims everything: from here on no thief finds a task, until the older half is given back by the tail.
  if (!changeHead(record, head, pack(tail, tail))) return false;
  const half = CAPACITY / 2;
  const first = taskAt(record, real + half);
  let last = first;
  setUnheld(first);
  for (let counter = real + half + 1; counter != tail; counter++) {
    const next = taskAt(record, counter);
    setUnheld(next);
    setNext(last, next);
    last = next;
  }
  setUnheld(task);
  setNext(last, task);
  setNext(task, 0);
  for (let offset: u32 = 0; offset < half; offset++)
    storeTask(record, tail + offset, taskAt(record, real + offset));
  storeTail(record, tail + half);
  injectChain(first, task, (half as i32) + 1);
  count(COUNT_OVERFLOWS);
  return true;
}

/** The oldest task, or 0. */
export function popRing(): usize {
  const record = worker();
  for (;;) {
    const head = loadHead(record);
    const real = realOf(head);
    if (real == loadTail(record)) return 0;
    const steal = stealOf(head);
    // While a thief copies, its end of the head is its own to move.
    const next = steal == real ? pack(real + 1, real + 1) : pack(steal, real + 1);
    if (!changeHead(record, head, next)) continue;
    return taskAt(record, real);
  }
}

/** How many more tasks the ring holds at least. */
export function ringRoom(): i32 {
  const record = worker();
  return (CAPACITY - (loadTail(record) - stealOf(loadHead(record)))) as i32;
}

export function ringLength(record: usize): i32 {
  // In this order, so that a length is never too large by a pop between the two.
  const real = realOf(loadHead(record));
  const length = (loadTail(record) - real) as i32;
  return max(0, min(length, CAPACITY as i32));
}

/** Appends without telling anybody: tasks that this worker has just taken from the injector, for which there is room. */
export function fillRing(task: usize): void {
  const record = worker();
  const tail = loadTail(record);
  assert(tail - stealOf(loadHead(record)) < CAPACITY, "ring: a batch is no larger than the room");
  storeTask(record, tail, task);
  storeTail(record, tail + 1);
}

/** Takes half of another worker's tasks into this worker's ring; how many. */
export function stealFrom(victim: i32): i32 {
  const record = worker();
  const tail = loadTail(record);
  // More than half full, which only a thief that copies from here can cause: there is work enough.
  if (tail - stealOf(loadHead(record)) > CAPACITY / 2) return 0;
  const taken = copyHalf(recordOf(victim), record, tail);
  if (taken == 0) return 0;
  storeTail(record, tail + taken);
  // While they were on their way nobody could see them: another may have looked everywhere and gone to sleep.
  if (taken > 1) notifyWorker();
  count(COUNT_STEALS);
  set(COUNT_STOLEN, get(COUNT_STOLEN) + taken);
  return taken;
}

/** One thief at a time: who holds the victim's RING_THIEF, and it alone, makes `steal` and `real` differ. */
function copyHalf(from: usize, to: usize, tail: u32): i32 {
  if (compareExchange(from + RING_THIEF, 0, self() + 1) != 0) return 0;
  const count = claimHalf(from);
  if (count != 0) {
    const first = stealOf(loadHead(from));
    for (let offset: u32 = 0; offset < count; offset++) {
      const task = taskAt(from, first + offset);
      setHolder(task, self());
      storeTask(to, tail + offset, task);
    }
    endTheft(from);
  }
  storeShared(from + RING_THIEF, 0);
  return count as i32;
}

/** Moves `real` past half of the tasks; how many. */
function claimHalf(from: usize): u32 {
  for (;;) {
    const head = loadHead(from);
    assert(stealOf(head) == realOf(head), "ring: R2, one thief at a time");
    const length = loadTail(from) - realOf(head);
    const count = length - length / 2;
    if (count == 0) return 0;
    // The tail was read after the head: of a ring that has moved on since, the length means nothing.
    if (count > CAPACITY / 2) continue;
    // Before the claim, so that whoever clears up after a thief that died knows how much it had claimed.
    storeShared(from + RING_THEFT, count);
    if (!changeHead(from, head, pack(stealOf(head), realOf(head) + count))) continue;
    return count;
  }
}

/** Gives the copied slots back to the owner (R2), which may have moved `real` on meanwhile. */
function endTheft(from: usize): void {
  for (;;) {
    const head = loadHead(from);
    if (changeHead(from, head, pack(realOf(head), realOf(head)))) return;
  }
}

/** How often drainRing looks whether a thief has ended: far more than a theft of 128 takes. */
const PATIENCE: i32 = 1000000;

/** Puts every task of a ring whose owner has died into the injector. The owner pushes no more; thieves may be at work. */
export function drainRing(record: usize): void {
  for (let patience = 0; patience < PATIENCE; patience++) {
    const head = loadHead(record);
    if (stealOf(head) != realOf(head)) continue;
    const tail = loadTail(record);
    if (!changeHead(record, head, pack(tail, tail))) continue;
    for (let counter = realOf(head); counter != tail; counter++) inject(taskAt(record, counter));
    return;
  }
  // The thief has died too, and nobody knows yet. The tasks stay where they are, for others to steal.
  const tail = loadTail(record);
  for (let counter = stealOf(loadHead(record)); counter != tail; counter++)
    setUnheld(taskAt(record, counter));
}

/** Ends the theft of a thief that has died: what it was copying goes to the injector. */
export function recoverTheft(victim: usize, dead: i32): void {
  if (loadShared(victim + RING_THIEF) != dead + 1) return;
  const head = loadHead(victim);
  if (stealOf(head) != realOf(head)) {
    const count = loadShared(victim + RING_THEFT);
    for (let offset = 0; offset < count; offset++)
      inject(taskAt(victim, stealOf(head) + (offset as u32)));
    endTheft(victim);
  }
  storeShared(victim + RING_THIEF, 0);
}
