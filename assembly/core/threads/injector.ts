// First-in first-out lists that every thread may push to and pop from: the injector, which holds tasks that have not started
// and that no worker holds yet, and the queue of the blocking pool. Linked through the headers, so without a limit.
//
// J1  Everything about a list happens under its lock; its length is also read without, as a hint and in re-checks before a
//     park (parking.md), so it is raised before the lock is released.
// J2  A popped task is marked as held before the head moves past it. Should the popper die in between, both are true for a
//     moment, and repairList makes the list right.
//
// A list in memory: lock, head, tail, length.

import { COUNT_REMOTE, HEADER, HEADER_INJECTOR, HEADER_WORKERS } from "../layout";
import { loadShared, storeShared } from "../sync";
import { nextOf, setHolder, setNext, setUnheld } from "../task";
import { count, self } from "../worker";
import { acquire, inherit, release } from "./lock";

const HEAD: usize = 4;
const TAIL: usize = 8;
const LENGTH: usize = 12;

const INJECTOR: usize = HEADER + HEADER_INJECTOR;

/** Tokio's bound on a batch: half of a worker's ring. */
const MOST_IN_BATCH: i32 = 128;

function firstOf(list: usize): usize {
  return loadShared(list + HEAD) as u32 as usize;
}

function lastOf(list: usize): usize {
  return loadShared(list + TAIL) as u32 as usize;
}

export function lengthOf(list: usize): i32 {
  return loadShared(list + LENGTH);
}

/** Appends a chain of `length` headers that ends at `last`. */
export function pushChain(list: usize, first: usize, last: usize, length: i32): void {
  assert(nextOf(last) == 0, "injector: a chain has an end");
  acquire(list);
  const tail = lastOf(list);
  if (tail == 0) storeShared(list + HEAD, first as i32);
  else setNext(tail, first);
  storeShared(list + TAIL, last as i32);
  storeShared(list + LENGTH, loadShared(list + LENGTH) + length);
  release(list);
}

/**
 * Takes the header off the head, or 0. It is held here now.
 *
 * No loop and no call stands between acquire and release, here as in pushChain: there V8 ends a thread that is to be terminated,
 * and the one that clears up may be the one that waits for this lock.
 */
function popOne(list: usize): usize {
  acquire(list);
  const first = firstOf(list);
  if (first == 0) {
    release(list);
    return 0;
  }
  setHolder(first, self());
  const rest = nextOf(first);
  storeShared(list + HEAD, rest as i32);
  if (rest == 0) storeShared(list + TAIL, 0);
  storeShared(list + LENGTH, loadShared(list + LENGTH) - 1);
  release(list);
  setNext(first, 0);
  return first;
}

/** Takes up to `most` headers off the head; returns the first of a chain that ends with 0, or 0. */
export function popChain(list: usize, most: i32): usize {
  if (lengthOf(list) == 0) return 0;
  const first = popOne(list);
  let last = first;
  for (let taken = 1; taken < most && last != 0; taken++) {
    const next: usize = lengthOf(list) == 0 ? 0 : popOne(list);
    if (next != 0) setNext(last, next);
    last = next;
  }
  return first;
}

/** The holder of the lock has died: whatever step it was at, the chain from the head on is what the list holds. */
export function repairList(list: usize, dead: i32): void {
  if (!inherit(list, dead)) return;
  let length = 0;
  let last: usize = 0;
  for (let task = firstOf(list); task != 0; task = nextOf(task)) {
    setUnheld(task);
    last = task;
    length++;
  }
  storeShared(list + TAIL, last as i32);
  storeShared(list + LENGTH, length);
  release(list);
}

export function inject(task: usize): void {
  setUnheld(task);
  setNext(task, 0);
  count(COUNT_REMOTE);
  pushChain(INJECTOR, task, task, 1);
}

/** Injects a chain in one go: what overflowed a ring. */
export function injectChain(first: usize, last: usize, length: i32): void {
  pushChain(INJECTOR, first, last, length);
}

export function injectorLength(): i32 {
  return lengthOf(INJECTOR);
}

/** A share of what is there: one part of as many as there are workers, so that each finds some, and at most `most`. */
export function popShare(most: i32): usize {
  const workers = loadShared(HEADER + HEADER_WORKERS);
  const share = injectorLength() / workers + 1;
  return popChain(INJECTOR, max(1, min(share, min(most, MOST_IN_BATCH))));
}

export function popInjector(): usize {
  return popChain(INJECTOR, 1);
}

export function repairInjector(dead: i32): void {
  repairList(INJECTOR, dead);
}
