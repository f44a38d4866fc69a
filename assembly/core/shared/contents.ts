// What an object holds besides its fields: its value, the chunks of its queue, its ring. Given back with the object.

import { giveBack } from "../threads/heap";
import {
  BROKEN,
  CHUNK_FIRST,
  CHUNK_SLOTS,
  KIND,
  KIND_BROADCAST,
  KIND_CHANNEL,
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

/** Everything that is queued is dropped, and the queue is as new. */
export function clearQueue(object: usize): void {
  let chunk = link(object, QUEUE_FIRST);
  let index = field(object, QUEUE_FROM);
  const last = link(object, QUEUE_LAST);
  const to = field(object, QUEUE_TO);
  setField(object, QUEUE_LENGTH, 0);
  setLink(object, QUEUE_FIRST, 0);
  setLink(object, QUEUE_LAST, 0);
  while (chunk != 0) {
    const end = chunk == last ? to : CHUNK_SLOTS;
    for (; index < end; index++) clearSlot(chunk + CHUNK_FIRST + (index as usize) * SLOT_SIZE);
    const next = link(chunk, 0);
    giveBack(chunk);
    chunk = next;
    index = 0;
  }
}

function freeQueue(object: usize): void {
  clearQueue(object);
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
