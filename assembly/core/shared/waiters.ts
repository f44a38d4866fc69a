// Lines of claims at an object, and the wakes that come out of them.
//
// W1  Lines are touched under the object's lock. A claim stands in one line at most, and its node is the claim itself, so
//     leaving costs the same however many wait.
// W2  Wakers are called after the lock has been released: who to wake is copied out of the claims under it, because a claim
//     that has been granted may be freed by its owner at once.
// W3  A thread that dies with wakes in hand has granted already what they were for. `recover` (threads/death.ts) counts losses, and
//     every thread that sees the count change wakes all of its own that wait (loss.ts): being woken for nothing does no harm.
// W4  Where a loop over many lets go of the lock, the object is whole: who polls then, or after a death just there, goes on with it.

import { SIGNAL_LINKS, SIGNALS, SIGNALS_MISSED, WAKES, WOKEN } from "../layout";
import {
  compareExchange,
  exchangeShared,
  loadShared,
  loadSharedAddress,
  storeShared,
} from "../sync";
import { allocate, giveBack } from "../threads/heap";
import { unpark } from "../threads/parking";
import { wakeTask } from "../wake";
import { getAddress, recordOf, self, set, setAddress, worker } from "../worker";
import { lockObject, storeState, unlockObject } from "./claim";
import {
  CLAIM_GENERATION,
  CLAIM_LIST,
  CLAIM_NEXT,
  CLAIM_PREVIOUS,
  CLAIM_SLOT,
  STATE_READY,
} from "./layout";
import { link, setField, setLink } from "./words";

/** How many wakes are gathered before the lock is let go for them. Tokio's figure; few for the model checker, that it happens there. */
const MOST_WAKES: i32 = isDefined(TOKIWA_MODEL) ? 2 : 32;

let wakes: i32 = 0;

export function setWaker(claim: usize, slot: i32, generation: i32): void {
  setField(claim, CLAIM_SLOT, slot);
  setField(claim, CLAIM_GENERATION, generation);
}

// ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function firstIn(list: usize): usize {
  return link(list, 0);
}

export function lastIn(list: usize): usize {
  return link(list, 4);
}

export function append(list: usize, claim: usize): void {
  assert(link(claim, CLAIM_LIST) == 0, "waiters: W1, a claim stands in one line");
  const last = lastIn(list);
  setLink(claim, CLAIM_LIST, list);
  setLink(claim, CLAIM_NEXT, 0);
  setLink(claim, CLAIM_PREVIOUS, last);
  if (last == 0) setLink(list, 0, claim);
  else setLink(last, CLAIM_NEXT, claim);
  setLink(list, 4, claim);
}

/** Leaves its line, if it stands in one. */
export function leave(claim: usize): void {
  const list = link(claim, CLAIM_LIST);
  if (list == 0) return;
  const next = link(claim, CLAIM_NEXT);
  const previous = link(claim, CLAIM_PREVIOUS);
  if (previous == 0) setLink(list, 0, next);
  else setLink(previous, CLAIM_NEXT, next);
  if (next == 0) setLink(list, 4, previous);
  else setLink(next, CLAIM_PREVIOUS, previous);
  setLink(claim, CLAIM_LIST, 0);
}

// ── Wakes ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes a claim out of its line with a new state; its waker is called by flushWakes. */
export function grant(claim: usize, state: i32): void {
  assert(wakes < MOST_WAKES, "waiters: there is room for another wake");
  leave(claim);
  const at = worker() + WAKES + ((wakes as usize) << 3);
  setField(at, 0, load<i32>(claim + CLAIM_SLOT));
  setField(at, 4, load<i32>(claim + CLAIM_GENERATION));
  wakes++;
  storeState(claim, state);
}

/** Lets go of the lock and calls the wakers. */
export function unlockAndWake(object: usize): void {
  unlockObject(object);
  const count = wakes;
  wakes = 0;
  for (let index = 0; index < count; index++) {
    const at = worker() + WAKES + ((index as usize) << 3);
    wakeWaiter(load<i32>(at), load<i32>(at + 4));
  }
}

/** Whether the lock has to be let go before another waker is gathered. */
export function areWakesFull(): bool {
  return wakes >= MOST_WAKES;
}

/** Inside of a loop over many: calls the wakers that have been gathered if there is no room for another. */
export function wakeSome(object: usize): void {
  if (!areWakesFull()) return;
  unlockAndWake(object);
  lockObject(object);
}

/**
 * Everybody in a line is to look again. Who joins while the lock is let go for a moment has looked already: it is not gone on for as long
 * as others come back that fast, but for as many as were in the line when it was let go first: counted once.
 */
export function wakeAll(object: usize, list: usize): void {
  let most = i32.MAX_VALUE;
  for (let claim = firstIn(list); claim != 0 && most > 0; claim = firstIn(list)) {
    if (areWakesFull()) {
      if (most == i32.MAX_VALUE) most = lengthOf(list);
      wakeSome(object);
      claim = firstIn(list);
      if (claim == 0) return;
    }
    grant(claim, STATE_READY);
    if (most != i32.MAX_VALUE) most--;
  }
}

function lengthOf(list: usize): i32 {
  let length = 0;
  for (let claim = firstIn(list); claim != 0; claim = link(claim, CLAIM_NEXT)) length++;
  return length;
}

export function wakeWaiter(slot: i32, generation: i32): void {
  set(WOKEN, 1);
  if (slot >= 0) wakeTask(slot, generation);
  else signal(-1 - slot, generation);
}

// ── Wakers that are no tasks of this memory ──────────────────────────────────────────────────────────────────────────────

/** Tells a thread that the waker it knows by `name` is to be called. Partner: the exchange in takeSignal. */
function signal(thread: i32, name: i32): void {
  // A place in a line that was taken before there was a waker (Notified.enable): nobody to call.
  if (name == 0) return;
  const record = recordOf(thread);
  const node = allocate(8);
  if (node == 0) {
    // It will call them all.
    storeShared(record + SIGNALS_MISSED, 1);
    unpark(thread);
    return;
  }
  setField(node, 4, name);
  let head = loadSharedAddress(record + SIGNALS);
  for (;;) {
    setLink(node, 0, head);
    const before = compareExchange(record + SIGNALS, head as i32, node as i32) as u32 as usize;
    if (before == head) break;
    head = before;
  }
  if (head == 0) unpark(thread);
}

/** Whether another thread has called a waker of this one. */
export function hasSignals(): bool {
  if (loadSharedAddress(worker() + SIGNALS) != 0 || getAddress(SIGNAL_LINKS) != 0) return true;
  return loadShared(worker() + SIGNALS_MISSED) != 0;
}

/** The name of the next waker to call, in the order of the calls; 0 when there is none, -1 when some were missed: call all. */
export function takeSignal(): i32 {
  if (getAddress(SIGNAL_LINKS) == 0) reverseSignals();
  const node = getAddress(SIGNAL_LINKS);
  if (node == 0) return exchangeShared(worker() + SIGNALS_MISSED, 0) != 0 ? -1 : 0;
  setAddress(SIGNAL_LINKS, link(node, 0));
  const name = load<i32>(node + 4);
  giveBack(node);
  return name;
}

function reverseSignals(): void {
  let node = exchangeShared(worker() + SIGNALS, 0) as u32 as usize;
  while (node != 0) {
    const next = link(node, 0);
    setLink(node, 0, getAddress(SIGNAL_LINKS));
    setAddress(SIGNAL_LINKS, node);
    node = next;
  }
}

export function thisThreadsName(): i32 {
  return -1 - self();
}
