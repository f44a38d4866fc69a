// Claims: who has what part in which object.
//
// C1  A claim belongs to one thread, which alone frees it; it stands in that thread's chain until then. What a thread that
//     has died leaves in its chain is given back by whoever clears up (loss.ts).
// C2  The chain can be walked from its head at every step, wherever its thread is stopped.
// C3  An object lives as long as there is a claim on it; claims that travel in a value count.

import { CLAIMS } from "../layout";
import { addShared, loadShared, storeShared } from "../sync";
import { allocate, giveBack } from "../threads/heap";
import { acquire, release } from "../threads/lock";
import { self, worker } from "../worker";
import { freeContents } from "./contents";
import {
  BROKEN,
  CLAIM_MINE_NEXT,
  CLAIM_MINE_PREVIOUS,
  CLAIM_OBJECT,
  CLAIM_OWNER,
  CLAIM_ROLE,
  CLAIM_SIZE,
  CLAIM_STATE,
  KIND,
  LOCK,
  OBJECT_SIZE,
  REFS,
} from "./layout";
import { link, setField, setLink } from "./words";

export function lockObject(object: usize): void {
  acquire(object + LOCK);
}

export function unlockObject(object: usize): void {
  release(object + LOCK);
}

/** A thread died in the middle of a change: only counts may be touched, no line, no queue and no value that others change. */
export function isBroken(object: usize): bool {
  return loadShared(object + BROKEN) != 0;
}

export function objectOf(claim: usize): usize {
  return link(claim, CLAIM_OBJECT);
}

/** Partner: storeState, by whoever grants. */
export function stateOfClaim(claim: usize): i32 {
  return loadShared(claim + CLAIM_STATE);
}

export function storeState(claim: usize, state: i32): void {
  storeShared(claim + CLAIM_STATE, state);
}

/** An object that nobody has a claim on yet, or 0 when there is no memory. */
export function newBareObject(kind: i32): usize {
  const object = allocate(OBJECT_SIZE);
  if (object == 0) return 0;
  memory.fill(object, 0, OBJECT_SIZE);
  setField(object, KIND, kind);
  return object;
}

function linkMine(claim: usize): void {
  const first = link(worker(), CLAIMS);
  setLink(claim, CLAIM_MINE_NEXT, first);
  if (first != 0) setLink(first, CLAIM_MINE_PREVIOUS, claim);
  setLink(worker(), CLAIMS, claim);
}

function unlinkMine(claim: usize): void {
  const next = link(claim, CLAIM_MINE_NEXT);
  const previous = link(claim, CLAIM_MINE_PREVIOUS);
  if (previous == 0) setLink(worker(), CLAIMS, next);
  else setLink(previous, CLAIM_MINE_NEXT, next);
  if (next != 0) setLink(next, CLAIM_MINE_PREVIOUS, previous);
}

/** A claim in nobody's chain: one that will travel. 0 when there is no memory. */
export function newLooseClaim(object: usize, role: i32): usize {
  const claim = allocate(CLAIM_SIZE);
  if (claim == 0) return 0;
  memory.fill(claim, 0, CLAIM_SIZE);
  setLink(claim, CLAIM_OBJECT, object);
  storeShared(claim + CLAIM_ROLE, role);
  addShared(object + REFS, 1);
  return claim;
}

/** A claim of this thread, or 0 when there is no memory. */
export function newClaim(object: usize, role: i32): usize {
  const claim = newLooseClaim(object, role);
  if (claim == 0) return 0;
  setField(claim, CLAIM_OWNER, self() + 1);
  linkMine(claim);
  return claim;
}

/** The end of a claim whose part has been given up. */
export function freeClaim(claim: usize): void {
  unlinkMine(claim);
  freeLooseClaim(claim);
}

/** The same of one that stands in no chain, or in that of a thread that has died. */
export function freeLooseClaim(claim: usize): void {
  const object = objectOf(claim);
  giveBack(claim);
  if (addShared(object + REFS, -1) != 1) return;
  freeContents(object);
  giveBack(object);
}
