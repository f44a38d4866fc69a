// Senders and receivers: how many there are, and what it means when the last one goes.

import { storeShared } from "../sync";
import { skipMost, skipUnread } from "./broadcast";
import { freeClaim, isBroken, lockObject, newClaim, objectOf, unlockObject } from "./claim";
import { detachQueue, freeChunks } from "./contents";
import {
  CLAIM_CURSOR,
  CLAIM_ROLE,
  CLOSED,
  KIND,
  KIND_BROADCAST,
  KIND_CHANNEL,
  KIND_ONESHOT,
  LISTENING,
  MAXIMUM,
  PARTING,
  PERMITS,
  QUEUE_LENGTH,
  RECEIVERS,
  ROLE_NOTHING,
  ROLE_SENDER,
  ROLE_WEAK,
  STRONG,
  VALUE,
  VERSION,
  WEAK,
} from "./layout";
import { refuseWaiters } from "./semaphore";
import { clearSlot } from "./value";
import { unlockAndWake, wakeAll } from "./waiters";
import { change, field, setField } from "./words";

/** One more sender, weak sender or receiver; 0 when there is no memory. */
export function newEnd(object: usize, role: i32): usize {
  const claim = newClaim(object, ROLE_NOTHING);
  if (claim == 0) return 0;
  lockObject(object);
  countEnd(object, claim, role);
  unlockObject(object);
  return claim;
}

/** Under the lock. The count and the role that stands for it change together, for the case that the thread dies. */
export function countEnd(object: usize, claim: usize, role: i32): void {
  const counted = role == ROLE_SENDER ? STRONG : role == ROLE_WEAK ? WEAK : RECEIVERS;
  setField(object, counted, field(object, counted) + 1);
  setField(claim, CLAIM_CURSOR, field(object, VERSION));
  storeShared(claim + CLAIM_ROLE, role);
}

/** A sender for a weak one; 0 once all senders are gone, or when there is no memory. */
export function upgradeWeak(object: usize): usize {
  const claim = newClaim(object, ROLE_NOTHING);
  if (claim == 0) return 0;
  lockObject(object);
  const alive = field(object, STRONG) > 0;
  if (alive) countEnd(object, claim, ROLE_SENDER);
  unlockObject(object);
  if (alive) return claim;
  freeClaim(claim);
  return 0;
}

/** Under the lock: the claim stands for nothing any more. */
function uncount(object: usize, claim: usize, counted: usize): i32 {
  storeShared(claim + CLAIM_ROLE, ROLE_NOTHING);
  return change(object, counted, -1);
}

export function dropSender(claim: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  const last = uncount(object, claim, STRONG) == 0;
  if (last && !isBroken(object)) wakeAll(object, object + LISTENING);
  unlockAndWake(object);
}

export function dropWeak(claim: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  uncount(object, claim, WEAK);
  unlockObject(object);
}

/** Under the lock: nothing new is taken. Everybody who waits is told. */
export function closeUnderLock(object: usize): void {
  if (field(object, CLOSED) != 0) return;
  storeShared(object + CLOSED, 1);
  if (isBroken(object)) return;
  refuseWaiters(object);
  wakeAll(object, object + PARTING);
  wakeAll(object, object + LISTENING);
}

export function closeObject(object: usize): void {
  lockObject(object);
  closeUnderLock(object);
  unlockAndWake(object);
}

/** The last receiver of a channel or a oneshot takes along what was not received. */
export function dropReceiver(claim: usize): void {
  const object = objectOf(claim);
  lockObject(object);
  const kind = field(object, KIND);
  if (kind == KIND_BROADCAST) {
    skipMost(object, claim);
    skipUnread(object, claim);
  }
  let unread: usize = 0;
  if (uncount(object, claim, RECEIVERS) == 0 && !isBroken(object)) {
    if (kind == KIND_CHANNEL || kind == KIND_ONESHOT) closeUnderLock(object);
    else wakeAll(object, object + PARTING);
    if (kind == KIND_CHANNEL) {
      if (field(object, MAXIMUM) != 0) change(object, PERMITS, field(object, QUEUE_LENGTH));
      unread = detachQueue(object);
    }
    if (kind == KIND_ONESHOT) clearSlot(object + VALUE);
  }
  unlockAndWake(object);
  freeChunks(unread);
}
