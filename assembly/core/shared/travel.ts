// Handles on their way to another thread. A claim travels with the value: it is in no thread's chain, and goes with the value
// if nobody reads it.
//
// T1  What there may be several of is copied, on the way in and at every reading: the value keeps its own claim.
// T2  What there is one of moves: into the travelling claim before the value is published, out of it at the first reading.

import { loadShared, storeShared } from "../sync";
import { lockObject, newClaim, newLooseClaim, objectOf, storeState, unlockObject } from "./claim";
import { countEnd } from "./ends";
import {
  CLAIM_CURSOR,
  CLAIM_HELD,
  CLAIM_ROLE,
  CLAIM_STATE,
  CLAIM_WANTED,
  KIND,
  KIND_ONESHOT,
  KIND_WATCH,
  ROLE_NOTHING,
  ROLE_PERMITS,
  ROLE_RECEIVER,
  ROLE_REFERENCE,
  ROLE_SENDER,
} from "./layout";
import { field, setField } from "./words";

/** T2: whether there is only one of it. */
export function isUnique(claim: usize): bool {
  return isUniqueAs(claim, loadShared(claim + CLAIM_ROLE));
}

function isUniqueAs(claim: usize, role: i32): bool {
  const kind = field(objectOf(claim), KIND);
  if (role == ROLE_RECEIVER) return kind != KIND_WATCH;
  return role == ROLE_PERMITS || (role == ROLE_SENDER && kind == KIND_ONESHOT);
}

/** What will travel for a claim: a copy, or an empty one that `depart` fills. 0 when there is no memory. */
export function newTraveller(claim: usize): usize {
  const object = objectOf(claim);
  const traveller = newLooseClaim(object, ROLE_NOTHING);
  if (traveller != 0 && !isUnique(claim)) copyPart(claim, traveller);
  return traveller;
}

function copyPart(from: usize, to: usize): void {
  const object = objectOf(from);
  const role = field(from, CLAIM_ROLE);
  if (role == ROLE_REFERENCE) {
    storeShared(to + CLAIM_ROLE, role);
    return;
  }
  lockObject(object);
  countEnd(object, to, role);
  setField(to, CLAIM_CURSOR, field(from, CLAIM_CURSOR));
  unlockObject(object);
}

/** T2: the part moves. False if somebody else has taken it. */
function move(from: usize, to: usize): bool {
  const object = objectOf(from);
  lockObject(object);
  const role = field(from, CLAIM_ROLE);
  if (role != ROLE_NOTHING) {
    setField(to, CLAIM_WANTED, field(from, CLAIM_WANTED));
    setField(to, CLAIM_HELD, field(from, CLAIM_HELD));
    setField(to, CLAIM_CURSOR, field(from, CLAIM_CURSOR));
    storeState(to, field(from, CLAIM_STATE));
    storeShared(to + CLAIM_ROLE, role);
    storeShared(from + CLAIM_ROLE, ROLE_NOTHING);
  }
  unlockObject(object);
  return role != ROLE_NOTHING;
}

/** The value was not taken: what has moved moves back. */
export function comeBack(claim: usize, traveller: usize): void {
  if (isUnique(traveller)) move(traveller, claim);
}

/** The value is about to be published. */
export function depart(claim: usize, traveller: usize): void {
  if (isUnique(claim)) move(claim, traveller);
}

/** A claim of this thread for one that has travelled; 0 when it was taken by another reading, or there is no memory. */
export function land(traveller: usize): usize {
  const claim = newClaim(objectOf(traveller), ROLE_NOTHING);
  if (claim == 0) return 0;
  // Another reader may move the part at this moment.
  const role = loadShared(traveller + CLAIM_ROLE);
  if (isUniqueAs(traveller, role)) move(traveller, claim);
  else if (role != ROLE_NOTHING) copyPart(traveller, claim);
  return claim;
}

/** Whether a claim stands for something. */
export function isEmptyClaim(claim: usize): bool {
  return field(claim, CLAIM_ROLE) == ROLE_NOTHING;
}
