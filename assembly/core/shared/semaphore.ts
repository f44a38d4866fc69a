// Permits, handed out first-in first-out. Semaphore, Mutex and RwLock are this and a value; a bounded channel gives out its
// room by it. Tokio's batch_semaphore, with the waiters in shared memory.
//
// S1  Permits are conserved: free + promised + what the first in line has so far = what was made, added and forgotten. That never
//     exceeds what there may be.
// S2  Who waits gets permits in the order of arrival, as they come free; one that wants many holds back all behind it.
// S3  Nobody takes a permit past a waiter, but who wants none needs none and does not wait: there are free permits while somebody waits only in the middle of handing them out.
// S4  Closed, it gives out none; what is held may be given back.

import { loadShared, storeShared } from "../sync";
import {
  freeClaim,
  isBroken,
  lockObject,
  newClaim,
  objectOf,
  stateOfClaim,
  storeState,
  unlockObject,
} from "./claim";
import {
  BROKEN,
  CLAIM_HELD,
  CLAIM_WANTED,
  CLOSED,
  MAXIMUM,
  PERMITS,
  PROMISED,
  ROLE_PERMITS,
  STATE_BROKEN,
  STATE_CLOSED,
  STATE_HELD,
  STATE_READY,
  STATE_WAITING,
  WAITING,
} from "./layout";
import {
  append,
  areWakesFull,
  firstIn,
  grant,
  leave,
  setWaker,
  unlockAndWake,
  wakeSome,
} from "./waiters";
import { change, field, setField } from "./words";

/** Answers of acquire, beside a claim's address: its low bits. */
export const NO_MEMORY: i32 = 0;
export const NONE_FREE: i32 = 5;

function add(address: usize, offset: usize, count: i32): void {
  change(address, offset, count);
}

/** Under the lock. */
function refusal(object: usize): i32 {
  if (field(object, BROKEN) != 0) return STATE_BROKEN;
  return field(object, CLOSED) != 0 ? STATE_CLOSED : 0;
}

/** Under the lock: takes permits that are free (S3). */
export function takeFree(object: usize, wanted: i32): bool {
  if (wanted == 0) return true;
  if (field(object, PERMITS) < wanted || firstIn(object + WAITING) != 0) return false;
  add(object, PERMITS, -wanted);
  add(object, PROMISED, wanted);
  return true;
}

/**
 * Under the lock: permits come back. They go to who waits (S2); it may be let go for a moment to wake them, with what is left among
 * the free ones (waiters.ts, W4).
 */
export function giveUnderLock(object: usize, count: i32): void {
  let left = count + takeAllFree(object);
  for (;;) {
    const first = firstIn(object + WAITING);
    if (first == 0) {
      add(object, PERMITS, left);
      return;
    }
    const wanted = field(first, CLAIM_WANTED);
    const given = min(left, wanted - field(first, CLAIM_HELD));
    add(first, CLAIM_HELD, given);
    left -= given;
    if (field(first, CLAIM_HELD) < wanted) return;
    add(object, PROMISED, wanted);
    grant(first, STATE_READY);
    if (!areWakesFull()) continue;
    add(object, PERMITS, left);
    wakeSome(object);
    left = takeAllFree(object);
  }
}

function takeAllFree(object: usize): i32 {
  const free = field(object, PERMITS);
  setField(object, PERMITS, 0);
  return free;
}

/** Under the lock, by one who waits: goes on with what a thread was at that has let go of the lock, or died there (W4). */
function goOn(object: usize): void {
  if (isBroken(object)) return;
  if (field(object, CLOSED) != 0) refuseWaiters(object);
  else if (field(object, PERMITS) > 0) giveUnderLock(object, 0);
}

/**
 * Takes permits or joins the line.
 *
 * @returns the address of a claim and its state in the low bits: HELD or WAITING; or CLOSED, BROKEN, NO_MEMORY.
 */
export function acquirePermits(object: usize, wanted: i32, slot: i32, generation: i32): i32 {
  const claim = newClaim(object, ROLE_PERMITS);
  if (claim == 0) return NO_MEMORY;
  setField(claim, CLAIM_WANTED, wanted);
  lockObject(object);
  const refused = refusal(object);
  if (refused != 0) {
    unlockObject(object);
    freeClaim(claim);
    return refused;
  }
  if (takeFree(object, wanted)) {
    setField(claim, CLAIM_HELD, wanted);
    storeState(claim, STATE_HELD);
    unlockObject(object);
    return (claim as i32) | STATE_HELD;
  }
  if (firstIn(object + WAITING) == 0) {
    setField(claim, CLAIM_HELD, field(object, PERMITS));
    setField(object, PERMITS, 0);
  }
  setWaker(claim, slot, generation);
  storeState(claim, STATE_WAITING);
  append(object + WAITING, claim);
  unlockObject(object);
  return (claim as i32) | STATE_WAITING;
}

/** The same without waiting; NONE_FREE where it would have to. */
export function tryAcquirePermits(object: usize, wanted: i32): i32 {
  const claim = newClaim(object, ROLE_PERMITS);
  if (claim == 0) return NO_MEMORY;
  setField(claim, CLAIM_WANTED, wanted);
  lockObject(object);
  let answer = refusal(object);
  if (answer == 0) answer = takeFree(object, wanted) ? STATE_HELD : NONE_FREE;
  if (answer == STATE_HELD) {
    setField(claim, CLAIM_HELD, wanted);
    storeState(claim, STATE_HELD);
  }
  unlockObject(object);
  if (answer == STATE_HELD) return (claim as i32) | STATE_HELD;
  freeClaim(claim);
  return answer;
}

/** A state of a claim that waits for permits; READY has become HELD: it is the caller's now. */
export function pollPermits(claim: usize, slot: i32, generation: i32): i32 {
  const object = objectOf(claim);
  let state = stateOfClaim(claim);
  if (state == STATE_WAITING) {
    lockObject(object);
    state = stateOfClaim(claim);
    if (state == STATE_WAITING) {
      setWaker(claim, slot, generation);
      goOn(object);
      state = stateOfClaim(claim);
    }
    unlockAndWake(object);
    if (state == STATE_WAITING && isBroken(object)) return STATE_BROKEN;
  }
  if (state != STATE_READY) return state;
  if (loadShared(object + CLOSED) != 0) {
    // Tokio's rule: a grant that nobody has seen ends with the close.
    givePermitsUp(claim);
    storeState(claim, STATE_CLOSED);
    return STATE_CLOSED;
  }
  storeState(claim, STATE_HELD);
  return STATE_HELD;
}

/** Gives up a place in the line, or what is held. The claim is freed by the caller. */
export function givePermitsUp(claim: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  if (field(object, BROKEN) != 0) {
    unlockObject(object);
    return;
  }
  const waited = stateOfClaim(claim) == STATE_WAITING;
  leave(claim);
  const held = field(claim, CLAIM_HELD);
  setField(claim, CLAIM_HELD, 0);
  if (!waited) add(object, PROMISED, -held);
  giveUnderLock(object, held);
  unlockAndWake(object);
}

/** Gives back some of what a claim holds: a writer that goes on as a reader. */
export function giveSomeBack(claim: usize, count: i32): void {
  const object = objectOf(claim);
  lockObject(object);
  add(claim, CLAIM_HELD, -count);
  add(claim, CLAIM_WANTED, -count);
  add(object, PROMISED, -count);
  if (!isBroken(object)) giveUnderLock(object, count);
  unlockAndWake(object);
}

/** A claim on part of what another holds; 0 when there is no memory. Under the lock, for the case that the thread dies. */
export function splitPermits(claim: usize, count: i32): usize {
  const object = objectOf(claim);
  const part = newClaim(object, ROLE_PERMITS);
  if (part == 0) return 0;
  lockObject(object);
  setField(part, CLAIM_WANTED, count);
  setField(part, CLAIM_HELD, count);
  storeState(part, STATE_HELD);
  add(claim, CLAIM_HELD, -count);
  unlockObject(object);
  return part;
}

/** What `other` holds is held by `claim` from here on; `other` is gone. */
export function mergePermits(claim: usize, other: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  add(claim, CLAIM_HELD, field(other, CLAIM_HELD));
  setField(other, CLAIM_HELD, 0);
  unlockObject(object);
  freeClaim(other);
}

export function heldPermits(claim: usize): i32 {
  return field(claim, CLAIM_HELD);
}

/** The permits of a claim are gone for good, and so is the claim. */
export function forgetHeld(claim: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  add(object, PROMISED, -field(claim, CLAIM_HELD));
  setField(claim, CLAIM_HELD, 0);
  unlockObject(object);
  freeClaim(claim);
}

/** Under the lock: all there are (S1). Behind the first in line nobody has any. */
function totalOf(object: usize): i32 {
  const first = firstIn(object + WAITING);
  const gathered = first == 0 ? 0 : field(first, CLAIM_HELD);
  return field(object, PERMITS) + field(object, PROMISED) + gathered;
}

/** More permits; false when there would be more than `most`, those that are in hands included. */
export function addPermits(object: usize, count: i32, most: i32): bool {
  lockObject(object);
  const broken = isBroken(object);
  const fits = broken || totalOf(object) <= most - count;
  if (fits && !broken) giveUnderLock(object, count);
  unlockAndWake(object);
  return fits;
}

/** Takes free permits away for good; how many. */
export function forgetPermits(object: usize, count: i32): i32 {
  lockObject(object);
  const taken = min(count, field(object, PERMITS));
  add(object, PERMITS, -taken);
  unlockObject(object);
  return taken;
}

/** Under the lock: everybody in the line is told; what they had been given goes back (S4). */
export function refuseWaiters(object: usize): void {
  for (let claim = firstIn(object + WAITING); claim != 0; claim = firstIn(object + WAITING)) {
    add(object, PERMITS, field(claim, CLAIM_HELD));
    setField(claim, CLAIM_HELD, 0);
    grant(claim, STATE_CLOSED);
    wakeSome(object);
  }
}

export function closeSemaphore(object: usize): void {
  lockObject(object);
  storeShared(object + CLOSED, 1);
  if (!isBroken(object)) refuseWaiters(object);
  unlockAndWake(object);
}

/** Free permits; a moment later there may be others. */
export function availablePermits(object: usize): i32 {
  lockObject(object);
  const permits = field(object, PERMITS);
  unlockObject(object);
  return permits;
}

export function isFullyHeld(claim: usize): bool {
  return field(claim, CLAIM_HELD) == field(objectOf(claim), MAXIMUM);
}
