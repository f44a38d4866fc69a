// A thread has died: what it had of shared primitives is given back, or said to be poisoned. Called by `recover` (threads/death.ts).
//
// L1  A lock's value that the dead thread may have been changing is poisoned: who gets the lock next is told.
// L2  An object whose lock the dead thread held is broken: it is in the middle of some change. Everybody who uses it gets an error.
//     The runtime itself ends no thread there (threads/dismissal.ts).
// L3  Every other thread wakes its own waiters once: the dead one may have had their wakes in hand (waiters.ts, W3).

import { CLAIMS, DROPPING, GARBAGE, HEADER, HEADER_LOSSES, LOSSES_SEEN } from "../layout";
import { addShared, loadShared, storeShared } from "../sync";
import { inherit, release } from "../threads/lock";
import { get, set, worker } from "../worker";
import { freeLooseClaim, objectOf, stateOfClaim } from "./claim";
import { collect, giveClaimUp } from "./drop";
import {
  BROKEN,
  CLAIM_GENERATION,
  CLAIM_MINE_NEXT,
  CLAIM_ROLE,
  CLAIM_SLOT,
  KIND,
  KIND_LOCK,
  LOCK,
  POISONED,
  ROLE_LISTENER,
  ROLE_NOTIFIED,
  ROLE_PERMITS,
  STATE_HELD,
  STATE_IDLE,
} from "./layout";
import { isFullyHeld } from "./semaphore";
import { discardClaims } from "./value";
import { wakeWaiter } from "./waiters";
import { field, link, setLink } from "./words";

/** L1. */
function poisonIfHeld(claim: usize, object: usize): void {
  if (field(object, KIND) != KIND_LOCK || field(claim, CLAIM_ROLE) != ROLE_PERMITS) return;
  if (stateOfClaim(claim) == STATE_HELD && isFullyHeld(claim)) storeShared(object + POISONED, 1);
}

/** L2. */
function breakIfLocked(object: usize, dead: i32): void {
  if (!inherit(object + LOCK, dead)) return;
  storeShared(object + BROKEN, 1);
  release(object + LOCK);
}

/** A claim that the dead thread was about to drop; while it heads the garbage still, it is found there. */
function loseDropping(record: usize, dead: i32): void {
  const claim = link(record, DROPPING);
  setLink(record, DROPPING, 0);
  if (claim == 0 || claim == link(record, GARBAGE)) return;
  breakIfLocked(objectOf(claim), dead);
  giveClaimUp(claim);
  freeLooseClaim(claim);
}

/** Gives back everything that a thread had. */
export function loseClaims(record: usize, dead: i32): void {
  let claim = link(record, CLAIMS);
  for (let each = claim; each != 0; each = link(each, CLAIM_MINE_NEXT)) {
    const object = objectOf(each);
    breakIfLocked(object, dead);
    poisonIfHeld(each, object);
  }
  setLink(record, CLAIMS, 0);
  while (claim != 0) {
    const next = link(claim, CLAIM_MINE_NEXT);
    giveClaimUp(claim);
    freeLooseClaim(claim);
    claim = next;
  }
  loseDropping(record, dead);
  const garbage = link(record, GARBAGE);
  setLink(record, GARBAGE, 0);
  discardClaims(garbage);
  collect();
  addShared(HEADER + HEADER_LOSSES, 1);
}

function isWaiting(claim: usize): bool {
  const role = field(claim, CLAIM_ROLE);
  const waits = role == ROLE_PERMITS || role == ROLE_LISTENER || role == ROLE_NOTIFIED;
  const state = stateOfClaim(claim);
  return waits && state != STATE_IDLE && state != STATE_HELD;
}

/** L3, and what was put aside. To be called now and then; costs two loads as a rule. */
export function tidy(): void {
  if (link(worker(), GARBAGE) != 0) collect();
  const losses = loadShared(HEADER + HEADER_LOSSES);
  if (losses == get(LOSSES_SEEN)) return;
  set(LOSSES_SEEN, losses);
  for (let claim = link(worker(), CLAIMS); claim != 0; claim = link(claim, CLAIM_MINE_NEXT))
    if (isWaiting(claim)) wakeWaiter(field(claim, CLAIM_SLOT), field(claim, CLAIM_GENERATION));
}

export function isPoisoned(object: usize): bool {
  return loadShared(object + POISONED) != 0;
}

export function clearPoison(object: usize): void {
  storeShared(object + POISONED, 0);
}
