// What this thread runs next: a first-in first-out list, the lifo slot, and the deferred list. They hold this thread's own
// tasks; with threads the lifo slot may also hold one that has not started, which another worker cannot take from there.
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
import { isMovable, nextOf, setNext } from "./task";
import { pushRing } from "./threads/ring";
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
    pushBehind(task);
    return;
  }
  const displaced = getAddress(LIFO);
  setAddress(LIFO, task);
  if (displaced != 0) pushBehind(displaced);
}

/** To the tail of the list, or of the ring where other workers find it. */
function pushBehind(task: usize): void {
  if (ASC_FEATURE_THREADS && isMovable(task)) pushRing(task);
  else pushBack(task);
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
  pushBehind(task);
  return 0;
}

/** The task in the lifo slot if it may run next (Q3), else 0. */
export function popLifo(): usize {
  return getAddress(LIFO) == 0 ? 0 : takeLifo();
}

/** The head of the list, or 0. */
export function popList(): usize {
  const task = getAddress(QUEUE_HEAD);
  if (task == 0) return 0;
  set(LIFO_RUN, 0);
  const next = nextOf(task);
  setAddress(QUEUE_HEAD, next);
  if (next == 0) setAddress(QUEUE_TAIL, 0);
  else setNext(task, 0);
  return task;
}

/** The next task to run, or 0. */
export function popFront(): usize {
  const task = popLifo();
  return task != 0 ? task : popList();
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

/** Whether a task stands in the list. Walks it: for what happens seldom. */
export function isListed(task: usize): bool {
  for (let listed = getAddress(QUEUE_HEAD); listed != 0; listed = nextOf(listed))
    if (listed == task) return true;
  return false;
}

/** How many stand in the queue. Walks it: for reports. */
export function countRunnable(): i32 {
  let count = getAddress(LIFO) != 0 ? 1 : 0;
  for (let task = getAddress(QUEUE_HEAD); task != 0; task = nextOf(task)) count++;
  return count;
}
