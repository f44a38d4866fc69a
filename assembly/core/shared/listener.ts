// Claims that wait for something to happen: a value, a version, a close. Woken, they look again; what they look at is the
// object's, under the same lock as the line, so nothing that happens in between is missed.

import {
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
  CLOSED,
  PARTING,
  RECEIVERS,
  ROLE_LISTENER,
  STATE_BROKEN,
  STATE_IDLE,
  STATE_READY,
  STATE_WAITING,
} from "./layout";
import { append, leave, setWaker } from "./waiters";
import { field } from "./words";

/** A place for waiting at the object; 0 when there is no memory. */
export function newListener(object: usize): usize {
  return newClaim(object, ROLE_LISTENER);
}

/** Under the lock: joins the line, or stays in it with another waker. */
export function join(list: usize, claim: usize, slot: i32, generation: i32): void {
  setWaker(claim, slot, generation);
  if (stateOfClaim(claim) == STATE_WAITING) return;
  storeState(claim, STATE_WAITING);
  append(list, claim);
}

/** Under the lock: has nothing to wait for any more. */
export function withdraw(claim: usize): void {
  if (claim == 0) return;
  if (!isBroken(objectOf(claim))) leave(claim);
  storeState(claim, STATE_IDLE);
}

/** Leaves whatever line it stands in. */
export function stopListening(claim: usize): void {
  if (stateOfClaim(claim) != STATE_WAITING) return;
  const object = objectOf(claim);
  lockObject(object);
  if (field(object, BROKEN) == 0) leave(claim);
  storeState(claim, STATE_IDLE);
  unlockObject(object);
}

/** Waits until the other side has gone. READY, WAITING or BROKEN. `claim` may be 0: only looks. */
export function awaitParting(object: usize, claim: usize, slot: i32, generation: i32): i32 {
  lockObject(object);
  let answer = STATE_WAITING;
  if (field(object, BROKEN) != 0) answer = STATE_BROKEN;
  else if (field(object, RECEIVERS) == 0 || field(object, CLOSED) != 0) answer = STATE_READY;
  if (answer == STATE_READY) withdraw(claim);
  else if (answer == STATE_WAITING && claim != 0) join(object + PARTING, claim, slot, generation);
  unlockObject(object);
  return answer;
}
