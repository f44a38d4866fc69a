// What other threads have for this one: wakes of tasks that are pinned to it, and ends of tasks that it spawned. A stack of
// headers linked through themselves (Treiber 1986); its owner takes all of it at once, so nothing can be pushed back in
// between and there is no ABA.
//
// N1  A header is in an inbox only while it is in no other list: a wake puts there what it has just made SCHEDULED, an end
//     what has just completed.
// N2  Who pushes onto an empty inbox wakes the owner; who finds it filled leaves that to whoever filled it.
// N3  The owner gets the headers in the order in which they were pushed.

import { DRAINED, DRAINING, INBOX } from "../layout";
import { pushBack } from "../queue";
import { compareExchange, exchangeShared, loadShared } from "../sync";
import { nextOf, setNext } from "../task";
import { getAddress, recordOf, setAddress, worker } from "../worker";
import { isVisiting } from "./dismissal";
import { unpark } from "./parking";

/** Gives a header to a thread. Partners: the exchange in drainInbox, the look in hasInbox after announcePark. */
export function pushInbox(thread: i32, task: usize): void {
  assert(isVisiting(), "inbox: a header is on its way only in a visit");
  const inbox = recordOf(thread) + INBOX;
  let head = loadShared(inbox);
  for (;;) {
    setNext(task, head as u32 as usize);
    const before = compareExchange(inbox, head, task as i32);
    if (before == head) break;
    head = before;
  }
  if (head == 0) unpark(thread);
}

export function hasInbox(): bool {
  return loadShared(worker() + INBOX) != 0;
}

/**
 * Everything that has come goes to the tail of this thread's list (N3). What is in transit stands in the record at every
 * step, for whoever clears up if this thread dies here.
 */
export function drainInbox(): void {
  assert(isVisiting(), "inbox: a header is on its way only in a visit");
  reverse(exchangeShared(worker() + INBOX, 0) as u32 as usize);
  for (;;) {
    const oldest = getAddress(DRAINED);
    if (oldest == 0) return;
    setAddress(DRAINED, nextOf(oldest));
    setNext(oldest, 0);
    pushBack(oldest);
  }
}

function reverse(newest: usize): void {
  let oldest: usize = 0;
  while (newest != 0) {
    setAddress(DRAINING, newest);
    const next = nextOf(newest);
    setNext(newest, oldest);
    oldest = newest;
    setAddress(DRAINED, oldest);
    newest = next;
  }
  setAddress(DRAINING, 0);
}

/** Takes what stands in the inbox of a thread that has died; the newest first. */
export function takeInbox(thread: i32): usize {
  return exchangeShared(recordOf(thread) + INBOX, 0) as u32 as usize;
}
