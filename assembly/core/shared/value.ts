// Values on their way: slots, and the blocks that hold what is more than a number.
//
// V1  A block is written by its maker before anybody else can find it, and never again. Readers pin it while they copy, and
//     the last one to let go frees it.
// V2  Claims that travel with a value go with it. Dropping a claim wakes others and may free other blocks, so it is not done in
//     the middle of something: they are put aside until `collect` (drop.ts) is called.

import { GARBAGE, WOKEN } from "../layout";
import { addShared, storeShared } from "../sync";
import { allocate, giveBack } from "../threads/heap";
import { set, worker } from "../worker";
import {
  CLAIM_MINE_NEXT,
  OUTCOME_BYTES,
  OUTCOME_EMPTY,
  SLOT_NUMBER,
  VALUE_BYTES,
  VALUE_CLAIMS,
  VALUE_LENGTH,
  VALUE_PINS,
} from "./layout";
import { field, link, setField, setLink } from "./words";

/** A block for so many bytes, pinned once; 0 when there is no memory. */
export function newValue(bytes: i32): usize {
  const block = allocate((VALUE_BYTES as i32) + bytes);
  if (block == 0) return 0;
  storeShared(block + VALUE_PINS, 1);
  setField(block, VALUE_LENGTH, bytes);
  setLink(block, VALUE_CLAIMS, 0);
  return block;
}

/** A claim goes with the value. */
export function attachClaim(block: usize, claim: usize): void {
  setLink(claim, CLAIM_MINE_NEXT, link(block, VALUE_CLAIMS));
  setLink(block, VALUE_CLAIMS, claim);
}

export function hasClaims(block: usize): bool {
  return link(block, VALUE_CLAIMS) != 0;
}

export function pin(block: usize): void {
  addShared(block + VALUE_PINS, 1);
}

export function unpin(block: usize): void {
  if (addShared(block + VALUE_PINS, -1) != 1) return;
  discardClaims(link(block, VALUE_CLAIMS));
  giveBack(block);
}

/** Puts a chain of claims aside that nobody will ask for any more (V2). */
export function discardClaims(first: usize): void {
  let claim = first;
  while (claim != 0) {
    const next = link(claim, CLAIM_MINE_NEXT);
    setLink(claim, CLAIM_MINE_NEXT, link(worker(), GARBAGE));
    setLink(worker(), GARBAGE, claim);
    set(WOKEN, 1);
    claim = next;
  }
}

// ── Slots ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function outcomeIn(slot: usize): i32 {
  return field(slot, 0);
}

export function numberIn(slot: usize): f64 {
  return load<f64>(slot + SLOT_NUMBER);
}

/** Of an empty slot; the outcome last, so that one which is filled without a lock is empty or whole if its thread dies. */
export function fillSlot(slot: usize, outcome: i32, number: f64): void {
  store<f64>(slot + SLOT_NUMBER, number);
  setField(slot, 0, outcome);
}

export function isBlock(outcome: i32): bool {
  return outcome >= OUTCOME_BYTES;
}

export function blockOf(number: f64): usize {
  return number as u32 as usize;
}

/** Lets go of what stands in the slot, which is empty then. */
export function clearSlot(slot: usize): void {
  const outcome = outcomeIn(slot);
  setField(slot, 0, OUTCOME_EMPTY);
  if (isBlock(outcome)) unpin(blockOf(numberIn(slot)));
}
