// What shared primitives call. ts/sync/shared/core.ts has the same names.

import { BATCH, CLAIMS, RESULT, WOKEN } from "../layout";
import { loadShared } from "../sync";
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

export {
  broadcast,
  keptIn,
  receiveNext,
  unreadBy,
} from "./broadcast";
export {
  arrive,
  awaitVersion,
  isParted,
  publish,
  publishOnce,
  publishToReceivers,
  readHeld,
  readValue,
  replaceIf,
  setValue,
  takeValue,
  versionOf,
} from "./cell";
export { fulfil, lease, queueLengthOf, receive, receiveMany, receiveUsed, send } from "./channel";
export { objectOf, stateOfClaim } from "./claim";
export { dropClaim } from "./drop";
export { closeObject, newEnd, upgradeWeak } from "./ends";
export { awaitParting, newListener, stopListening } from "./listener";
export { clearPoison, isPoisoned, tidy } from "./loss";
export {
  endNotified,
  newNotified,
  notifyLast,
  notifyOne,
  notifyWaiters,
  pollNotified,
  stampOf,
} from "./notify";
export { initialize, takeInitialized } from "./once";
export {
  acquirePermits,
  addPermits,
  availablePermits,
  closeSemaphore,
  forgetHeld,
  forgetPermits,
  giveSomeBack,
  heldPermits,
  mergePermits,
  pollPermits,
  splitPermits,
  tryAcquirePermits,
} from "./semaphore";
export { comeBack, depart, isEmptyClaim, isUnique, land, newTraveller } from "./travel";
export {
  attachClaim,
  discardClaims as discardTraveller,
  hasClaims,
  newValue,
  unpin,
} from "./value";
export { hasSignals, takeSignal } from "./waiters";

/** A new object and this thread's claim on it: the claim, or 0 when there is no memory. `capacity` is a broadcast's. */
export function newObject(kind: i32, permits: i32, maximum: i32): usize {
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
  return newClaim(object, ROLE_REFERENCE);
}

function readField(object: usize, offset: usize): i32 {
  lockObject(object);
  const value = field(object, offset);
  unlockObject(object);
  return value;
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
