// What this thread runs next: a first-in first-out list, the lifo slot, and the deferred list.
//
// Q1  A task stands in at most one of them: its SCHEDULED bit is set once, and the one who set it queues it.
// Q2  The lists are links through the task headers, so queueing allocates nothing and has no limit of its own.
// Q3  The lifo slot is taken at most MAX_LIFO_RUN times in a row, so two tasks that wake each other starve nobody.
// Q4  A deferred task runs only after the driver had its turn; `releaseDeferred` is that turn's last step.

import {
  DEFERRED_HEAD,
  DEFERRED_TAIL,
  LIFO,
  LIFO_ENABLED,
  LIFO_RUN,
  QUEUE_HEAD,
  QUEUE_LENGTH,
  QUEUE_TAIL,
} from "./layout";
import { nextOf, setNext } from "./task";
import { get, set } from "./worker";

/** Tokio's MAX_LIFO_POLLS_PER_TICK, by its own account a guess that has held up. */
const MAX_LIFO_RUN: i32 = 3;

export function pushBack(slot: i32): void {
  const tail = get(QUEUE_TAIL);
  if (tail == 0) set(QUEUE_HEAD, slot + 1);
  else setNext(tail - 1, slot + 1);
  set(QUEUE_TAIL, slot + 1);
  set(QUEUE_LENGTH, get(QUEUE_LENGTH) + 1);
}

/** For a wake that came out of a poll: the woken task runs next, and the one it displaces goes to the tail. */
export function pushNext(slot: i32): void {
  if (get(LIFO_ENABLED) == 0) {
    pushBack(slot);
    return;
  }
  const displaced = get(LIFO);
  set(LIFO, slot + 1);
  if (displaced != 0) pushBack(displaced - 1);
}

export function pushDeferred(slot: i32): void {
  const tail = get(DEFERRED_TAIL);
  if (tail == 0) set(DEFERRED_HEAD, slot + 1);
  else setNext(tail - 1, slot + 1);
  set(DEFERRED_TAIL, slot + 1);
}

function takeLifo(): i32 {
  const link = get(LIFO);
  set(LIFO, 0);
  if (get(LIFO_RUN) < MAX_LIFO_RUN) {
    set(LIFO_RUN, get(LIFO_RUN) + 1);
    return link - 1;
  }
  pushBack(link - 1);
  return -1;
}

/** The next task to run, or -1. */
export function popFront(): i32 {
  if (get(LIFO) != 0) {
    const slot = takeLifo();
    if (slot >= 0) return slot;
  }
  set(LIFO_RUN, 0);
  const link = get(QUEUE_HEAD);
  if (link == 0) return -1;
  const slot = link - 1;
  const next = nextOf(slot);
  set(QUEUE_HEAD, next);
  if (next == 0) set(QUEUE_TAIL, 0);
  else setNext(slot, 0);
  set(QUEUE_LENGTH, get(QUEUE_LENGTH) - 1);
  return slot;
}

export function hasDeferred(): bool {
  return get(DEFERRED_HEAD) != 0;
}

/** Every deferred task goes to the tail, in the order in which they yielded. */
export function releaseDeferred(): void {
  let link = get(DEFERRED_HEAD);
  set(DEFERRED_HEAD, 0);
  set(DEFERRED_TAIL, 0);
  while (link != 0) {
    const slot = link - 1;
    link = nextOf(slot);
    setNext(slot, 0);
    pushBack(slot);
  }
}

export function runnable(): i32 {
  return get(QUEUE_LENGTH) + (get(LIFO) != 0 ? 1 : 0);
}
