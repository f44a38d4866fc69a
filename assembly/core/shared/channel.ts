// mpsc: values from many senders in the order in which they were sent, room by permits. Plain numbers stand in the queue itself,
// what is larger in blocks of its own.
//
// M1  Permits are conserved: free + promised + values queued = capacity.
// M2  It is drained, so that `recv` ends, only when it is empty, no permit is out, and closed or without senders.
// M3  Closed by the receiver: no new permits; those that are out may still be used.

import { BATCH, RESULT } from "../layout";
import { allocate, giveBack } from "../threads/heap";
import { worker } from "../worker";
import { isBroken, lockObject, objectOf, unlockObject } from "./claim";
import {
  CHUNK_FIRST,
  CHUNK_SIZE,
  CHUNK_SLOTS,
  CLAIM_HELD,
  CLOSED,
  LISTENING,
  MAXIMUM,
  OUTCOME_EMPTY,
  PERMITS,
  PROMISED,
  QUEUE_FIRST,
  QUEUE_FROM,
  QUEUE_LAST,
  QUEUE_LENGTH,
  QUEUE_SPARE,
  QUEUE_TO,
  RECEIVERS,
  SLOT_SIZE,
  STRONG,
} from "./layout";
import { join, withdraw } from "./listener";
import { giveUnderLock, takeFree } from "./semaphore";
import { blockOf, fillSlot, isBlock, numberIn, outcomeIn, unpin } from "./value";
import { unlockAndWake, wakeAll } from "./waiters";
import { change, field, link, setField, setLink } from "./words";

/** Answers of send. */
export const SENT: i32 = 1;
export const FULL: i32 = 2;
export const GONE: i32 = 3;
export const EXHAUSTED: i32 = 4;
/** Answers of receive beside an outcome. */
export const DRAINED: i32 = -1;
export const SHATTERED: i32 = -2;

// ── The queue, under the lock ────────────────────────────────────────────────────────────────────────────────────────────

function takeChunk(object: usize): usize {
  const spare = link(object, QUEUE_SPARE);
  setLink(object, QUEUE_SPARE, 0);
  const chunk = spare != 0 ? spare : allocate(CHUNK_SIZE);
  if (chunk != 0) setLink(chunk, 0, 0);
  return chunk;
}

/** Room for one more; false when there is no memory. */
function ensureChunk(object: usize): bool {
  const last = link(object, QUEUE_LAST);
  if (last != 0 && field(object, QUEUE_TO) < CHUNK_SLOTS) return true;
  const chunk = takeChunk(object);
  if (chunk == 0) return false;
  if (last == 0) {
    setLink(object, QUEUE_FIRST, chunk);
    setField(object, QUEUE_FROM, 0);
  } else {
    setLink(last, 0, chunk);
  }
  setLink(object, QUEUE_LAST, chunk);
  setField(object, QUEUE_TO, 0);
  return true;
}

function push(object: usize, outcome: i32, number: f64): void {
  const index = field(object, QUEUE_TO);
  const chunk = link(object, QUEUE_LAST);
  fillSlot(chunk + CHUNK_FIRST + (index as usize) * SLOT_SIZE, outcome, number);
  setField(object, QUEUE_TO, index + 1);
  change(object, QUEUE_LENGTH, 1);
  wakeAll(object, object + LISTENING);
}

/** The oldest value's slot leaves the queue; its contents stay readable until the next push. */
function shift(object: usize): usize {
  const chunk = link(object, QUEUE_FIRST);
  const index = field(object, QUEUE_FROM);
  const slot = chunk + CHUNK_FIRST + (index as usize) * SLOT_SIZE;
  setField(object, QUEUE_FROM, index + 1);
  if (change(object, QUEUE_LENGTH, -1) == 0) {
    setField(object, QUEUE_FROM, 0);
    setField(object, QUEUE_TO, 0);
  } else if (index + 1 == CHUNK_SLOTS) {
    setLink(object, QUEUE_FIRST, link(chunk, 0));
    setField(object, QUEUE_FROM, 0);
    retire(object, chunk);
  }
  return slot;
}

/** An empty chunk is kept for the next time; a second one is given back. */
function retire(object: usize, chunk: usize): void {
  const spare = link(object, QUEUE_SPARE);
  setLink(object, QUEUE_SPARE, chunk);
  if (spare != 0) giveBack(spare);
}

function isDrained(object: usize): bool {
  if (field(object, QUEUE_LENGTH) != 0 || field(object, PROMISED) != 0) return false;
  return field(object, CLOSED) != 0 || field(object, STRONG) == 0;
}

// ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A value and its permit in one step, if there is room and nobody waits for it. */
export function send(object: usize, outcome: i32, number: f64): i32 {
  lockObject(object);
  let answer = SENT;
  const bounded = field(object, MAXIMUM) != 0;
  if (field(object, CLOSED) != 0 || isBroken(object)) answer = GONE;
  else if (bounded && !takeFree(object, 1)) answer = FULL;
  else if (!ensureChunk(object)) answer = EXHAUSTED;
  if (bounded && (answer == SENT || answer == EXHAUSTED)) change(object, PROMISED, -1);
  if (bounded && answer == EXHAUSTED) giveUnderLock(object, 1);
  if (answer == SENT) push(object, outcome, number);
  unlockAndWake(object);
  return answer;
}

/** Turns a permit that is held into a value. */
export function fulfil(claim: usize, outcome: i32, number: f64): i32 {
  const object = objectOf(claim);
  lockObject(object);
  const heard = field(object, RECEIVERS) > 0 && !isBroken(object);
  if (heard && !ensureChunk(object)) {
    unlockObject(object);
    return EXHAUSTED;
  }
  setField(claim, CLAIM_HELD, field(claim, CLAIM_HELD) - 1);
  change(object, PROMISED, -1);
  if (heard) push(object, outcome, number);
  else dropUnheard(object, outcome, number);
  unlockAndWake(object);
  return SENT;
}

/** Under the lock: nobody will receive the value, so its room is free again. */
function dropUnheard(object: usize, outcome: i32, number: f64): void {
  if (isBlock(outcome)) unpin(blockOf(number));
  if (field(object, MAXIMUM) != 0 && !isBroken(object)) giveUnderLock(object, 1);
}

/** A permit came back unused: it may have been all that the receiver waited for (M2). */
export function wakeIfDrained(object: usize): void {
  lockObject(object);
  if (!isBroken(object) && isDrained(object)) wakeAll(object, object + LISTENING);
  unlockAndWake(object);
}

// ── Receiving ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Under the lock: the permit of a value that was received. */
function freeRoom(object: usize, count: i32): void {
  if (field(object, MAXIMUM) != 0) giveUnderLock(object, count);
}

/**
 * Takes the oldest value into RESULT, and returns its outcome; or EMPTY, DRAINED, SHATTERED. `claim` waits if it is empty, unless it
 * is 0.
 */
export function receive(object: usize, claim: usize, slot: i32, generation: i32): i32 {
  lockObject(object);
  let answer = OUTCOME_EMPTY;
  if (isBroken(object)) answer = SHATTERED;
  else if (field(object, QUEUE_LENGTH) > 0) {
    const from = shift(object);
    answer = outcomeIn(from);
    store<f64>(worker() + RESULT, numberIn(from));
    freeRoom(object, 1);
  } else if (isDrained(object)) answer = DRAINED;
  if (answer != OUTCOME_EMPTY) withdraw(claim);
  else if (claim != 0) join(object + LISTENING, claim, slot, generation);
  unlockAndWake(object);
  return answer;
}

/** Takes up to `limit` values, at most a chunk's worth, into BATCH; how many, or what receive answers when there is none. */
export function receiveMany(object: usize, limit: i32): i32 {
  lockObject(object);
  if (isBroken(object)) {
    unlockObject(object);
    return SHATTERED;
  }
  const count = min(min(limit, CHUNK_SLOTS), field(object, QUEUE_LENGTH));
  for (let index = 0; index < count; index++) {
    const from = shift(object);
    fillSlot(worker() + BATCH + (index as usize) * SLOT_SIZE, outcomeIn(from), numberIn(from));
  }
  freeRoom(object, count);
  const answer = count == 0 && limit > 0 && isDrained(object) ? DRAINED : count;
  unlockAndWake(object);
  return answer;
}

// ── Leases ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** With fewer free permits a sender could have to wait for those of a lease. */
const PLENTY: i32 = 64;
/**
 * A receiver that is far behind takes note of many plain values under one lock, and leaves them in the queue until it says how many of
 * them it has used: until then they count as queued, and go with the object whatever becomes of the receiver. There is one
 * receiver, so nobody else takes them.
 *
 * @param used of the lease before, which leave the queue now. @returns how many stand in BATCH.
 */
export function lease(object: usize, used: i32): i32 {
  lockObject(object);
  if (used > 0) leaveQueue(object, used);
  let count = 0;
  const plenty = field(object, MAXIMUM) == 0 || field(object, PERMITS) >= PLENTY;
  if (plenty && field(object, QUEUE_LENGTH) > 0 && !isBroken(object)) count = noteValues(object);
  unlockAndWake(object);
  return count;
}

/** What was used of a lease leaves the queue. */
export function receiveUsed(object: usize, used: i32): void {
  lockObject(object);
  leaveQueue(object, used);
  unlockAndWake(object);
}

/** Under the lock: copies plain values of the first chunk, up to the first that is a block. */
function noteValues(object: usize): i32 {
  const chunk = link(object, QUEUE_FIRST);
  const from = field(object, QUEUE_FROM);
  const most = min(CHUNK_SLOTS - from, field(object, QUEUE_LENGTH));
  for (let count = 0; count < most; count++) {
    const slot = chunk + CHUNK_FIRST + ((from + count) as usize) * SLOT_SIZE;
    if (isBlock(outcomeIn(slot))) return count;
    const to = worker() + BATCH + (count as usize) * SLOT_SIZE;
    fillSlot(to, outcomeIn(slot), numberIn(slot));
  }
  return most;
}

/** Under the lock. */
function leaveQueue(object: usize, count: i32): void {
  if (isBroken(object)) return;
  for (let index = 0; index < count; index++) shift(object);
  freeRoom(object, count);
}

export function queueLengthOf(object: usize): i32 {
  lockObject(object);
  const length = field(object, QUEUE_LENGTH);
  unlockObject(object);
  return length;
}
