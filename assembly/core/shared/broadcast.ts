// broadcast: a ring of the last values, and a cursor for each receiver.
//
// B1  A value is kept until the last receiver that has not read it has done so, or until the ring overwrites it.
// B2  A receiver whose cursor was overtaken hears once by how many, and goes on with the oldest that is kept.
// B3  Positions are versions: the ring's tail is the object's version. They wrap, and only differences are compared.

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
function markRead(slot: usize): void {
  if (change(slot, UNREAD, -1) == 0) clearSlot(slot);
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
  markRead(from);
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
  const capacity = field(object, RING_MASK) + 1;
  const tail = field(object, VERSION);
  let kept = 0;
  for (let index = 1; index <= capacity; index++)
    if (field(slotAt(object, tail - index), UNREAD) > 0) kept++;
  unlockObject(object);
  return kept;
}

/** Under the lock: a receiver goes, and what only it had not read is dropped. What is sent next must not count it any more. */
export function skipUnread(object: usize, claim: usize): void {
  if (isBroken(object)) return;
  const cursor = field(claim, CLAIM_CURSOR);
  const tail = field(object, VERSION);
  for (let position = cursor + max(overtakenBy(object, cursor), 0); position != tail; position++)
    markRead(slotAt(object, position));
}
