// Slots that keep their address: a directory of 64 KiB pages and a free list threaded through the free slots.
//
// S1  A slot's address never changes, so it may be held across growth.
// S2  A link is slot + 1, so that memory which is all zero is a valid empty list.
// S3  When no slot can be had the caller gets -1 and nothing has changed.
//
// The free list is last-in first-out: the slot that was just given back is still in the cache. It belongs to one thread;
// with several workers each gets a list of its own.

import { DIRECTORY_PAGES, HEADER, PAGE_SHIFT } from "./layout";
import { addShared, loadShared, storeShared } from "./sync";

/** A page of 64 KiB that nobody else has, or 0 when memory is at its maximum. */
export function newPage(): usize {
  const before = memory.grow(1);
  return before < 0 ? 0 : (before as usize) << PAGE_SHIFT;
}

/** Address of a slot. `shift` is log2 of the slot's size. */
export function slotAddress(directory: usize, slot: i32, shift: i32): usize {
  const perPage = PAGE_SHIFT - shift;
  const page = load<u32>(directory + (((slot as usize) >> perPage) << 2)) as usize;
  return page + (((slot as usize) & ((1 << perPage) - 1)) << shift);
}

/** Makes the page that holds `slot` if it is the first of its page; false when there is no memory or no room left. */
export function ensurePage(directory: usize, slot: i32, shift: i32): bool {
  const perPage = PAGE_SHIFT - shift;
  const page = slot >> perPage;
  if (page >= DIRECTORY_PAGES) return false;
  const entry = directory + ((page as usize) << 2);
  if (load<u32>(entry) != 0) return true;
  const address = newPage();
  if (address == 0) return false;
  store<u32>(entry, address as u32);
  return true;
}

/**
 * Takes a free slot. The four fields of the header stand in one order for both slabs: limit, count, free, alive.
 * Returns -1 at the limit or when memory is at its maximum.
 */
export function takeSlot(fields: usize, directory: usize, shift: i32, linkField: usize): i32 {
  const header = HEADER + fields;
  const link = loadShared(header + 8);
  if (link != 0) {
    const slot = link - 1;
    storeShared(header + 8, load<i32>(slotAddress(directory, slot, shift) + linkField));
    addShared(header + 12, 1);
    return slot;
  }
  const count = loadShared(header + 4);
  if (count >= loadShared(header)) return -1;
  if (!ensurePage(directory, count, shift)) return -1;
  storeShared(header + 4, count + 1);
  addShared(header + 12, 1);
  return count;
}

export function giveSlot(
  fields: usize,
  directory: usize,
  slot: i32,
  shift: i32,
  linkField: usize,
): void {
  const header = HEADER + fields;
  store<i32>(slotAddress(directory, slot, shift) + linkField, loadShared(header + 8));
  storeShared(header + 8, slot + 1);
  const alive = addShared(header + 12, -1);
  assert(alive > 0, "slab: a slot was given back twice");
}
