// What this thread runs next: a first-in first-out list, the lifo slot, and the deferred list.
//
// Q1  A task stands in at most one of them: its SCHEDULED bit is set once, and the one who set it queues it.
// Q2  The lists are links through the task headers, so queueing allocates nothing and has no limit of its own. A link is a
//     header's address (slab.ts, S1: it never changes), 0 for none.
// Q3  The lifo slot is taken at most MAX_LIFO_RUN times in a row, so two tasks that wake each other starve nobody.
// Q4  A deferred task runs only after the driver had its turn; `releaseDeferred` is that turn's last step.

import {
  DEFERRED_HEAD,
  DEFERRED_TAIL,
  LIFO,
  LIFO_ENABLED,
  LIFO_RUN,
  QUEUE_HEAD,
  QUEUE_TAIL,
} from "./layout";
import { nextOf, setNext } from "./task";
import { get, getAddress, set, setAddress } from "./worker";

/** Tokio's MAX_LIFO_POLLS_PER_TICK, by its own account a guess that has held up. */
const MAX_LIFO_RUN: i32 = 3;

/** Appends to the list whose head and tail stand at `head` and behind it. */
function append(head: usize, task: usize): void {
  assert(nextOf(task) == 0, "queue: Q1, a task stands in one list");
  const tail = getAddress(head + 4);
  if (tail == 0) setAddress(head, task);
  else setNext(tail, task);
  setAddress(head + 4, task);
}

export function pushBack(task: usize): void {
  append(QUEUE_HEAD, task);
}

export function pushDeferred(task: usize): void {
  append(DEFERRED_HEAD, task);
}

/** For a wake that came out of a poll: the woken task runs next, and the one it displaces goes to the tail. */
export function pushNext(task: usize): void {
  if (get(LIFO_ENABLED) == 0) {
    pushBack(task);
    return;
  }
  const displaced = getAddress(LIFO);
  setAddress(LIFO, task);
  if (displaced != 0) pushBack(displaced);
}

/** The task in the lifo slot, or 0 when it has had its turns (Q3) and now stands in the queue. */
function takeLifo(): usize {
  const task = getAddress(LIFO);
  setAddress(LIFO, 0);
  const run = get(LIFO_RUN);
  if (run < MAX_LIFO_RUN) {
    set(LIFO_RUN, run + 1);
    return task;
  }
  pushBack(task);
  return 0;
}

/** The next task to run, or 0. */
export function popFront(): usize {
  if (getAddress(LIFO) != 0) {
    const task = takeLifo();
    if (task != 0) return task;
  }
  const task = getAddress(QUEUE_HEAD);
  if (task == 0) return 0;
  set(LIFO_RUN, 0);
  const next = nextOf(task);
  setAddress(QUEUE_HEAD, next);
  if (next == 0) setAddress(QUEUE_TAIL, 0);
  else setNext(task, 0);
  return task;
}

export function hasDeferred(): bool {
  return getAddress(DEFERRED_HEAD) != 0;
}

/** Every deferred task goes to the tail, in the order in which they yielded. */
export function releaseDeferred(): void {
  const head = getAddress(DEFERRED_HEAD);
  if (head == 0) return;
  const tail = getAddress(QUEUE_TAIL);
  if (tail == 0) setAddress(QUEUE_HEAD, head);
  else setNext(tail, head);
  setAddress(QUEUE_TAIL, getAddress(DEFERRED_TAIL));
  setAddress(DEFERRED_HEAD, 0);
  setAddress(DEFERRED_TAIL, 0);
}

export function hasRunnable(): bool {
  return getAddress(QUEUE_HEAD) != 0 || getAddress(LIFO) != 0;
}

/** How many stand in the queue. Walks it: for reports. */
export function countRunnable(): i32 {
  let count = getAddress(LIFO) != 0 ? 1 : 0;
  for (let task = getAddress(QUEUE_HEAD); task != 0; task = nextOf(task)) count++;
  return count;
}
