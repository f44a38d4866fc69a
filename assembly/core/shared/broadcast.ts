// broadcast: a ring of the last values, and a cursor for each receiver.
//
// B1  A value is kept until the last receiver that has not read it has done so, or until the ring overwrites it.
// B2  A receiver whose cursor was overtaken hears once by how many, and goes on with the oldest that is kept.
// B3  Positions are versions: the ring's tail is the object's version. They wrap, and only differences are compared.
// B4  How many values are kept is counted with each change, so nobody walks the ring for it under the lock.

import { RESULT } from "../layout";
import { storeShared } from "../sync";
import { allocate } from "../threads/heap";
import { worker } from "../worker";
import { isBroken, lockObject, objectOf, unlockObject } from "./claim";
import {
  CLAIM_CURSOR,
  LISTENING,
  OUTCOME_EMPTY,
  RECEIVERS,
  RING_ADDRESS,
  RING_KEPT,
  RING_MASK,
  SLOT_SIZE,
  STRONG,
  VERSION,
} from "./layout";
import { join, withdraw } from "./listener";
import { blockOf, clearSlot, fillSlot, isBlock, numberIn, outcomeIn, pin } from "./value";
import { unlockAndWake, wakeAll } from "./waiters";
import { change, field, link, setField, setLink } from "./words";

/** In a slot's second word: how many receivers have not read it. */
const UNREAD: usize = 4;

export const CLOSED_AND_READ: i32 = -1;
export const LAGGED: i32 = -2;
export const SHATTERED_RING: i32 = -3;

/** Gives a new object its ring of `capacity` slots, a power of two; false when there is no memory. */
export function makeRing(object: usize, capacity: i32): bool {
  const bytes = capacity * (SLOT_SIZE as i32);
  const ring = allocate(bytes);
  if (ring == 0) return false;
  memory.fill(ring, 0, bytes);
  setLink(object, RING_ADDRESS, ring);
  setField(object, RING_MASK, capacity - 1);
  return true;
}

function slotAt(object: usize, position: i32): usize {
  const index = position & field(object, RING_MASK);
  return link(object, RING_ADDRESS) + (index as usize) * SLOT_SIZE;
}

/** How many receivers it reaches; 0: it was not sent. */
export function broadcast(object: usize, outcome: i32, number: f64): i32 {
  lockObject(object);
  const receivers = isBroken(object) ? 0 : field(object, RECEIVERS);
  if (receivers > 0) {
    const position = field(object, VERSION);
    const slot = slotAt(object, position);
    if (field(slot, UNREAD) == 0) change(object, RING_KEPT, 1);
    clearSlot(slot);
    fillSlot(slot, outcome, number);
    setField(slot, UNREAD, receivers);
    storeShared(object + VERSION, position + 1);
    wakeAll(object, object + LISTENING);
  }
  unlockAndWake(object);
  return receivers;
}

/** How far the cursor has been overtaken. Under the lock. */
function overtakenBy(object: usize, cursor: i32): i32 {
  const behind = field(object, VERSION) - cursor;
  return behind - (field(object, RING_MASK) + 1);
}

/** Under the lock: one receiver less will read this one. */
function markRead(object: usize, slot: usize): void {
  if (change(slot, UNREAD, -1) != 0) return;
  change(object, RING_KEPT, -1);
  clearSlot(slot);
}

/**
 * The next value: its outcome, what stands in the slot in RESULT, a block pinned; or EMPTY, CLOSED_AND_READ, LAGGED with the count in
 * RESULT, SHATTERED_RING. `listener` waits if there is none, unless it is 0.
 */
export function receiveNext(claim: usize, listener: usize, slot: i32, generation: i32): i32 {
  const object = objectOf(claim);
  lockObject(object);
  const answer = nextFor(object, claim);
  if (answer != OUTCOME_EMPTY) withdraw(listener);
  else if (listener != 0) join(object + LISTENING, listener, slot, generation);
  unlockObject(object);
  return answer;
}

function nextFor(object: usize, claim: usize): i32 {
  if (isBroken(object)) return SHATTERED_RING;
  const cursor = field(claim, CLAIM_CURSOR);
  if (cursor == field(object, VERSION))
    return field(object, STRONG) == 0 ? CLOSED_AND_READ : OUTCOME_EMPTY;
  const overtaken = overtakenBy(object, cursor);
  if (overtaken > 0) {
    setField(claim, CLAIM_CURSOR, cursor + overtaken);
    store<f64>(worker() + RESULT, overtaken as f64);
    return LAGGED;
  }
  const from = slotAt(object, cursor);
  const outcome = outcomeIn(from);
  const number = numberIn(from);
  if (isBlock(outcome)) pin(blockOf(number));
  store<f64>(worker() + RESULT, number);
  setField(claim, CLAIM_CURSOR, cursor + 1);
  markRead(object, from);
  return outcome;
}

/** Values that wait for this receiver, those it has missed included. */
export function unreadBy(claim: usize): i32 {
  const object = objectOf(claim);
  lockObject(object);
  const count = field(object, VERSION) - field(claim, CLAIM_CURSOR);
  unlockObject(object);
  return count;
}

/** Values that are kept because somebody has not read them. */
export function keptIn(object: usize): i32 {
  lockObject(object);
  const kept = field(object, RING_KEPT);
  unlockObject(object);
  return kept;
}

/** How much is skipped under one lock; little for the model checker. */
const MOST_SKIPPED: i32 = isDefined(TOKIWA_MODEL) ? 1 : 64;

/** Under the lock: a receiver passes over up to `most` values as if it had read them. */
function skip(object: usize, claim: usize, most: i32): void {
  const cursor = field(claim, CLAIM_CURSOR);
  const from = cursor + max(overtakenBy(object, cursor), 0);
  const to = from + min(field(object, VERSION) - from, most);
  for (let position = from; position != to; position++) markRead(object, slotAt(object, position));
  setField(claim, CLAIM_CURSOR, to);
}

/**
 * Under the lock, which is let go in between (waiters.ts, W4): a receiver that is about to go passes over what it has not read, but for
 * the last few, which is soon done.
 */
export function skipMost(object: usize, claim: usize): void {
  while (!isBroken(object) && field(object, VERSION) - field(claim, CLAIM_CURSOR) > MOST_SKIPPED) {
    skip(object, claim, MOST_SKIPPED);
    unlockObject(object);
    lockObject(object);
  }
}

/** Under the lock: a receiver goes, and what only it had not read is dropped. What is sent next must not count it any more. */
export function skipUnread(object: usize, claim: usize): void {
  if (!isBroken(object)) skip(object, claim, i32.MAX_VALUE);
}
