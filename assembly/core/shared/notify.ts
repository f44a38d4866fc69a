// Notify: a stored notification at most, and a line.
//
// N1  A notification goes to who waits, or is stored; a second one stores nothing more.
// N2  `notifyWaiters` reaches every Notified made before the call, polled or not: each remembers the stamp of its making.
//     Stamps wrap, and only differences are compared.
// N3  A claim that was chosen alone and goes without having seen it passes the notification on.

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
  CLAIM_CURSOR,
  CLAIM_NEXT,
  LISTENING,
  PERMITS,
  ROLE_NOTIFIED,
  STAMP,
  STATE_ALL,
  STATE_BROKEN,
  STATE_HELD,
  STATE_IDLE,
  STATE_LAST,
  STATE_READY,
  STATE_WAITING,
} from "./layout";
import {
  append,
  firstIn,
  grant,
  lastIn,
  leave,
  setWaker,
  unlockAndWake,
  wakeSome,
} from "./waiters";
import { field, link, setField } from "./words";

/** Names the moment for {@link newNotified}. */
export function stampOf(object: usize): i32 {
  lockObject(object);
  const stamp = field(object, STAMP);
  unlockObject(object);
  return stamp;
}

/** A claim that has not joined the line yet; 0 when there is no memory. */
export function newNotified(object: usize, stamp: i32): usize {
  const claim = newClaim(object, ROLE_NOTIFIED);
  if (claim != 0) setField(claim, CLAIM_CURSOR, stamp);
  return claim;
}

/** Joins the line if it has not been notified. A state: READY, LAST, ALL, WAITING or BROKEN. */
export function pollNotified(claim: usize, slot: i32, generation: i32): i32 {
  const object = objectOf(claim);
  lockObject(object);
  let state = stateOfClaim(claim);
  if (
    state == STATE_WAITING &&
    !isBroken(object) &&
    field(object, STAMP) != field(claim, CLAIM_CURSOR)
  ) {
    // notifyWaiters has let go of the lock before it came to this one, and its thread may have died (waiters.ts, W4).
    leave(claim);
    state = STATE_ALL;
    storeState(claim, state);
  }
  if (state == STATE_IDLE) {
    if (field(object, STAMP) != field(claim, CLAIM_CURSOR)) state = STATE_ALL;
    else if (isBroken(object)) state = STATE_BROKEN;
    else if (field(object, PERMITS) != 0) {
      setField(object, PERMITS, 0);
      state = STATE_READY;
    } else {
      state = STATE_WAITING;
      append(object + LISTENING, claim);
    }
    if (state != STATE_BROKEN) storeState(claim, state);
  }
  if (state == STATE_WAITING) {
    setWaker(claim, slot, generation);
    if (isBroken(object)) state = STATE_BROKEN;
  }
  unlockObject(object);
  return state;
}

/** It has been seen: nothing to pass on. */
export function endNotified(claim: usize): void {
  storeState(claim, STATE_HELD);
  freeClaim(claim);
}

/** Under the lock. */
function notifyUnderLock(object: usize, state: i32): void {
  if (isBroken(object)) return;
  const list = object + LISTENING;
  const stamp = field(object, STAMP);
  let chosen = state == STATE_LAST ? lastIn(list) : firstIn(list);
  // Those with an older stamp a notifyWaiters is about to reach that has let go of the lock.
  while (chosen != 0 && field(chosen, CLAIM_CURSOR) != stamp)
    chosen = state == STATE_LAST ? 0 : link(chosen, CLAIM_NEXT);
  if (chosen == 0) setField(object, PERMITS, 1);
  else grant(chosen, state);
}

function notify(object: usize, state: i32): void {
  lockObject(object);
  notifyUnderLock(object, state);
  unlockAndWake(object);
}

export function notifyOne(object: usize): void {
  notify(object, STATE_READY);
}

export function notifyLast(object: usize): void {
  notify(object, STATE_LAST);
}

export function notifyWaiters(object: usize): void {
  lockObject(object);
  const stamp = field(object, STAMP) + 1;
  setField(object, STAMP, stamp);
  const list = object + LISTENING;
  for (let claim = firstIn(list); claim != 0; claim = firstIn(list)) {
    if (isBroken(object)) break;
    wakeSome(object);
    claim = firstIn(list);
    // Made after the call, while the lock was let go: those behind it too.
    if (claim == 0 || field(claim, CLAIM_CURSOR) - stamp >= 0) break;
    grant(claim, STATE_ALL);
  }
  unlockAndWake(object);
}

/** The claim goes: out of the line, or with what it was chosen for (N3). Freed by the caller. */
export function giveNotifiedUp(claim: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  if (!isBroken(object)) {
    const state = stateOfClaim(claim);
    leave(claim);
    storeState(claim, STATE_HELD);
    if (state == STATE_READY || state == STATE_LAST) notifyUnderLock(object, state);
  }
  unlockAndWake(object);
}
