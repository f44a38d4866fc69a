// A value that changes, its version, and who waits for the next one: watch, oneshot, SetOnce, the values of locks; what is read of
// OnceCell (once.ts); Barrier and CancellationToken, which have a version and no value.
//
// E1  A version is published with its value under the lock; who has seen an older one and joins the line does both under it too.
// E2  A reader pins the value's block under the lock and copies it afterwards, so that a writer never waits for readers.

import { RESULT } from "../layout";
import { loadShared, storeShared } from "../sync";
import { worker } from "../worker";
import { isBroken, lockObject, unlockObject } from "./claim";
import {
  CLOSED,
  KIND,
  KIND_ONESHOT,
  KIND_WATCH,
  LISTENING,
  MAXIMUM,
  OUTCOME_EMPTY,
  PARTING,
  RECEIVERS,
  STAMP,
  STATE_BROKEN,
  STATE_CLOSED,
  STATE_READY,
  STATE_WAITING,
  STRONG,
  VALUE,
  VERSION,
} from "./layout";
import { join, withdraw } from "./listener";
import { blockOf, clearSlot, fillSlot, isBlock, numberIn, outcomeIn, pin, unpin } from "./value";
import { unlockAndWake, wakeAll } from "./waiters";
import { field, setField } from "./words";

export function versionOf(object: usize): i32 {
  return loadShared(object + VERSION);
}

/** Under the lock. Who keeps a copy of a watch's value goes by the stamp: a value may change without being published. */
function replace(object: usize, outcome: i32, number: f64): void {
  clearSlot(object + VALUE);
  fillSlot(object + VALUE, outcome, number);
  if (field(object, KIND) == KIND_WATCH) setField(object, STAMP, field(object, STAMP) + 1);
}

function publishUnderLock(object: usize, outcome: i32, number: f64): void {
  replace(object, outcome, number);
  storeShared(object + VERSION, field(object, VERSION) + 1);
  wakeAll(object, object + LISTENING);
}

/** A value that nobody waits for: of a new object, or of a lock, by who holds it, so that no other lock is needed. */
export function setValue(object: usize, outcome: i32, number: f64): void {
  replace(object, outcome, number);
}

/** The value of a lock, for who holds it: its outcome, what stands in the slot in RESULT, a block pinned. */
export function readHeld(object: usize): i32 {
  const outcome = outcomeIn(object + VALUE);
  const number = numberIn(object + VALUE);
  if (isBlock(outcome)) pin(blockOf(number));
  store<f64>(worker() + RESULT, number);
  return outcome;
}

/** Under the lock: only the value of a watch is changed while others may read it. */
function isTorn(object: usize): bool {
  return isBroken(object) && field(object, KIND) == KIND_WATCH;
}

export function publish(object: usize, outcome: i32, number: f64): void {
  lockObject(object);
  if (!isBroken(object)) publishUnderLock(object, outcome, number);
  else if (isBlock(outcome)) unpin(blockOf(number));
  unlockAndWake(object);
}

/** Replaces the value if nobody has since it was read with that stamp, and publishes it unless `silent`; whether it did. */
export function replaceIf(object: usize, stamp: i32, outcome: i32, number: f64, silent: i32): bool {
  lockObject(object);
  const same = field(object, STAMP) == stamp && !isBroken(object);
  if (same && silent != 0) replace(object, outcome, number);
  else if (same) publishUnderLock(object, outcome, number);
  unlockAndWake(object);
  return same;
}

/** Only if there is a receiver; whether there was. */
export function publishToReceivers(object: usize, outcome: i32, number: f64): bool {
  lockObject(object);
  const heard = field(object, RECEIVERS) > 0 && field(object, CLOSED) == 0 && !isBroken(object);
  if (heard) publishUnderLock(object, outcome, number);
  unlockAndWake(object);
  return heard;
}

/**
 * The value: its outcome, the number or the block's address in RESULT. A block is pinned for the caller. Behind RESULT stand
 * the version and the stamp. EMPTY for a watch that is broken.
 */
export function readValue(object: usize): i32 {
  lockObject(object);
  const outcome = isTorn(object) ? OUTCOME_EMPTY : outcomeIn(object + VALUE);
  const number = numberIn(object + VALUE);
  if (isBlock(outcome)) pin(blockOf(number));
  setField(worker() + RESULT, 8, field(object, VERSION));
  setField(worker() + RESULT, 12, field(object, STAMP));
  unlockObject(object);
  store<f64>(worker() + RESULT, number);
  return outcome;
}

/**
 * Waits until the version is another than `seen`: READY; CLOSED when no sender is left to change it, BROKEN, WAITING. `claim` may be 0:
 * only looks.
 */
export function awaitVersion(
  object: usize,
  claim: usize,
  seen: i32,
  slot: i32,
  generation: i32,
): i32 {
  lockObject(object);
  let answer = STATE_WAITING;
  if (field(object, VERSION) != seen && !isTorn(object)) answer = STATE_READY;
  else if (isBroken(object)) answer = STATE_BROKEN;
  else if (field(object, STRONG) == 0 || field(object, CLOSED) != 0) answer = STATE_CLOSED;
  if (answer != STATE_WAITING) withdraw(claim);
  else if (claim != 0) join(object + LISTENING, claim, slot, generation);
  unlockObject(object);
  return answer;
}

/** Takes the value of a oneshot into RESULT: its outcome, or EMPTY. */
export function takeValue(object: usize): i32 {
  lockObject(object);
  const outcome = outcomeIn(object + VALUE);
  store<f64>(worker() + RESULT, numberIn(object + VALUE));
  setField(object + VALUE, 0, OUTCOME_EMPTY);
  unlockObject(object);
  return outcome;
}

/** The sender of a oneshot has sent, or a SetOnce is set, if it was not before; whether it did. */
export function publishOnce(object: usize, outcome: i32, number: f64): bool {
  lockObject(object);
  let accepted = field(object, VERSION) == 0 && field(object, CLOSED) == 0 && !isBroken(object);
  if (field(object, KIND) == KIND_ONESHOT && field(object, RECEIVERS) == 0) accepted = false;
  if (accepted) publishUnderLock(object, outcome, number);
  unlockAndWake(object);
  return accepted;
}

/** Arrives at a barrier. The version to wait past, or -1 for the last, who leads. */
export function arrive(object: usize): i32 {
  lockObject(object);
  const version = field(object, VERSION);
  const arrived = field(object, STAMP) + 1;
  const leads = arrived >= field(object, MAXIMUM) && !isBroken(object);
  setField(object, STAMP, leads ? 0 : arrived);
  if (leads) publishUnderLock(object, OUTCOME_EMPTY, 0);
  unlockAndWake(object);
  return leads ? -1 : version & 0x7fffffff;
}

/** Nobody receives any more. */
export function isParted(object: usize): bool {
  lockObject(object);
  const parted = field(object, RECEIVERS) == 0 || field(object, CLOSED) != 0;
  unlockObject(object);
  return parted;
}

export function wakeParting(object: usize): void {
  lockObject(object);
  if (!isBroken(object)) wakeAll(object, object + PARTING);
  unlockAndWake(object);
}
