// What shared primitives call. ts/sync/shared/core.ts has the same names.

import { BATCH, CLAIMS, RESULT, WOKEN } from "../layout";
import { loadShared } from "../sync";
import { enter, left } from "../threads/dismissal";
import { giveBack } from "../threads/heap";
import { worker } from "../worker";
import { makeRing } from "./broadcast";
import { freeClaim, lockObject, newBareObject, newClaim, unlockObject } from "./claim";
import {
  BROKEN,
  CLAIM_MINE_NEXT,
  CLOSED,
  KIND_BROADCAST,
  MAXIMUM,
  PERMITS,
  RECEIVERS,
  ROLE_REFERENCE,
  STRONG,
  WEAK,
} from "./layout";
import { field, link, setField } from "./words";

export { versionOf } from "./cell";
export { objectOf, stateOfClaim } from "./claim";
export {
  acquirePermits,
  addPermits,
  arrive,
  attachClaim,
  availablePermits,
  awaitParting,
  awaitVersion,
  broadcast,
  closeObject,
  closeSemaphore,
  comeBack,
  depart,
  discardTraveller,
  dropClaim,
  endNotified,
  forgetHeld,
  forgetPermits,
  fulfil,
  giveSomeBack,
  initialize,
  isParted,
  keptIn,
  land,
  lease,
  mergePermits,
  newEnd,
  newListener,
  newNotified,
  newTraveller,
  newValue,
  notifyLast,
  notifyOne,
  notifyWaiters,
  pollNotified,
  pollPermits,
  publish,
  publishOnce,
  publishToReceivers,
  queueLengthOf,
  readHeld,
  readValue,
  receive,
  receiveMany,
  receiveNext,
  receiveUsed,
  replaceIf,
  send,
  setValue,
  splitPermits,
  stampOf,
  stopListening,
  takeInitialized,
  takeSignal,
  takeValue,
  tidy,
  tryAcquirePermits,
  unpin,
  unreadBy,
  upgradeWeak,
} from "./doors";
export { clearPoison, isPoisoned } from "./loss";
export { heldPermits } from "./semaphore";
export { isEmptyClaim, isUnique } from "./travel";
export { hasClaims } from "./value";
export { hasSignals } from "./waiters";

/** A new object and this thread's claim on it: the claim, or 0 when there is no memory. `capacity` is a broadcast's. */
export function newObject(kind: i32, permits: i32, maximum: i32): usize {
  enter();
  return left(makeObject(kind, permits, maximum));
}

function makeObject(kind: i32, permits: i32, maximum: i32): usize {
  const object = newBareObject(kind);
  if (object == 0) return 0;
  const claim = newClaim(object, ROLE_REFERENCE);
  if (claim == 0) {
    giveBack(object);
    return 0;
  }
  setField(object, PERMITS, permits);
  setField(object, MAXIMUM, maximum);
  if (kind != KIND_BROADCAST || makeRing(object, maximum)) return claim;
  freeClaim(claim);
  return 0;
}

/** One more claim that keeps the object alive; 0 when there is no memory. */
export function newReference(object: usize): usize {
  enter();
  return left(newClaim(object, ROLE_REFERENCE));
}

function readField(object: usize, offset: usize): i32 {
  enter();
  lockObject(object);
  const value = field(object, offset);
  unlockObject(object);
  return left(value);
}

export function strongOf(object: usize): i32 {
  return readField(object, STRONG);
}

export function weakOf(object: usize): i32 {
  return readField(object, WEAK);
}

export function receiversOf(object: usize): i32 {
  return readField(object, RECEIVERS);
}

export function isClosedObject(object: usize): bool {
  return loadShared(object + CLOSED) != 0;
}

export function isBrokenObject(object: usize): bool {
  return loadShared(object + BROKEN) != 0;
}

/** Where this thread finds results, batches, and whether something of its own was woken. */
export function resultAddress(): usize {
  return worker() + RESULT;
}

export function batchAddress(): usize {
  return worker() + BATCH;
}

export function wokenAddress(): usize {
  return worker() + WOKEN;
}

/** How many claims this thread has. Walks them: for reports. */
export function claimsHere(): i32 {
  let count = 0;
  for (let claim = link(worker(), CLAIMS); claim != 0; claim = link(claim, CLAIM_MINE_NEXT))
    count++;
  return count;
}
