// What an object holds besides its fields: its value, the chunks of its queue, its ring. Given back with the object.

import { giveBack } from "../threads/heap";
import {
  BROKEN,
  CHUNK_FIRST,
  CHUNK_SLOTS,
  KIND,
  KIND_BROADCAST,
  KIND_CHANNEL,
  OUTCOME_EMPTY,
  QUEUE_FIRST,
  QUEUE_FROM,
  QUEUE_LAST,
  QUEUE_LENGTH,
  QUEUE_SPARE,
  QUEUE_TO,
  RING_ADDRESS,
  RING_MASK,
  SLOT_SIZE,
  VALUE,
} from "./layout";
import { clearSlot } from "./value";
import { field, link, setField, setLink } from "./words";

/**
 * Everything that is queued leaves, and the queue is as new: the first chunk, for freeChunks, once nothing is locked. What is not queued
 * in it is marked as empty, so that the chain says all there is to know.
 */
export function detachQueue(object: usize): usize {
  const chunk = link(object, QUEUE_FIRST);
  const last = link(object, QUEUE_LAST);
  if (chunk != 0) markEmpty(chunk, 0, field(object, QUEUE_FROM));
  if (last != 0) markEmpty(last, field(object, QUEUE_TO), CHUNK_SLOTS);
  setField(object, QUEUE_LENGTH, 0);
  setLink(object, QUEUE_FIRST, 0);
  setLink(object, QUEUE_LAST, 0);
  return chunk;
}

function slotIn(chunk: usize, index: i32): usize {
  return chunk + CHUNK_FIRST + (index as usize) * SLOT_SIZE;
}

function markEmpty(chunk: usize, from: i32, to: i32): void {
  for (let index = from; index < to; index++) setField(slotIn(chunk, index), 0, OUTCOME_EMPTY);
}

/** Gives back chunks that have left a queue, and what stands in them. */
export function freeChunks(first: usize): void {
  let chunk = first;
  while (chunk != 0) {
    for (let index = 0; index < CHUNK_SLOTS; index++) clearSlot(slotIn(chunk, index));
    const next = link(chunk, 0);
    giveBack(chunk);
    chunk = next;
  }
}

function freeQueue(object: usize): void {
  freeChunks(detachQueue(object));
  const spare = link(object, QUEUE_SPARE);
  if (spare != 0) giveBack(spare);
}

function freeRing(object: usize): void {
  const ring = link(object, RING_ADDRESS);
  if (ring == 0) return;
  const slots = field(object, RING_MASK) + 1;
  for (let index = 0; index < slots; index++) clearSlot(ring + (index as usize) * SLOT_SIZE);
  giveBack(ring);
}

/** What a broken object holds is in the middle of some change, so it is not given back. */
export function freeContents(object: usize): void {
  if (field(object, BROKEN) != 0) return;
  clearSlot(object + VALUE);
  const kind = field(object, KIND);
  if (kind == KIND_CHANNEL) freeQueue(object);
  else if (kind == KIND_BROADCAST) freeRing(object);
}
