// Slots that keep their address: a directory of 64 KiB pages, and for each thread a free list threaded through the slots
// that it may give out.
//
// S1  A slot's address never changes, so it may be held across growth.
// S2  A link is slot + 1, so that memory which is all zero is a valid empty list.
// S3  When no slot can be had the caller gets -1 and nothing has changed.
// S4  A free list belongs to one thread. New slots come from the shared count, some at a time.
//
// The free list is last-in first-out: the slot that was just given back is still in the cache. A slot that is given back by
// another thread than took it stays there; tasks go back to the thread that spawned them, so that is rare.
//
// A slab in a record is four words: free link, fresh from, fresh to, alive.

import { DIRECTORY_PAGES, FIRST_PAGE, HEADER, HEADER_PAGES, PAGE_SHIFT } from "./layout";
import { addShared, compareExchange, loadShared } from "./sync";
import { isVisiting } from "./threads/dismissal";
import { worker } from "./worker";

const FRESH_FROM: usize = 4;
const FRESH_TO: usize = 8;
const ALIVE: usize = 12;

/** How many new slots a thread takes at once, so that threads seldom meet at the count. */
const BATCH: i32 = 64;
/** Below this limit one at a time: with few slots none may lie idle in another thread's batch. */
const BATCHED_FROM: i32 = 16384;

/** A page of 64 KiB that nobody else has, or 0 when memory is at its maximum. */
export function newPage(): usize {
  return newPages(1);
}

/** Pages in a row, or 0. */
export function newPages(count: i32): usize {
  if (ASC_FEATURE_THREADS) return sharedPages(count);
  const before = memory.grow(count);
  return before < 0 ? 0 : (before as usize) << PAGE_SHIFT;
}

/**
 * A memory that several threads share is as large as it will ever be from the start, and pages are only counted off: V8 tells other
 * threads of a growth by an interrupt that they see at their next call or loop, and an atomic access to a new page before
 * that is a trap. Where the memory can still grow (tests) it does.
 */
function sharedPages(count: i32): usize {
  const first = FIRST_PAGE + addShared(HEADER + HEADER_PAGES, count);
  const missing = first + count - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) return 0;
  return (first as usize) << PAGE_SHIFT;
}

/** Address of a slot. `shift` is log2 of the slot's size. */
export function slotAddress(directory: usize, slot: i32, shift: i32): usize {
  const perPage = PAGE_SHIFT - shift;
  const page = load<u32>(directory + (((slot as usize) >> perPage) << 2)) as usize;
  return page + (((slot as usize) & ((1 << perPage) - 1)) << shift);
}

/** Whether the page that holds `slot` has been made, asked by a thread that was not told of the slot. */
export function hasPage(directory: usize, slot: i32, shift: i32): bool {
  return loadShared(directory + (((slot as usize) >> (PAGE_SHIFT - shift)) << 2)) != 0;
}

/** Makes the page that holds `slot` unless it is there; false when there is no memory or no room left. */
export function ensurePage(directory: usize, slot: i32, shift: i32): bool {
  const perPage = PAGE_SHIFT - shift;
  const page = slot >> perPage;
  if (page >= DIRECTORY_PAGES) return false;
  const entry = directory + ((page as usize) << 2);
  if (loadShared(entry) != 0) return true;
  const address = newPage();
  if (address == 0) return false;
  // Of two threads that made the page one wins; the other's page is lost, at most one for each 64 KiB of slots.
  compareExchange(entry, 0, address as i32);
  return true;
}

/** Takes new slots from the shared count. `fields` is the place of the limit in the header; the count stands behind it. */
function refill(slab: usize, fields: usize): bool {
  const header = HEADER + fields;
  const limit = loadShared(header);
  const wanted = ASC_FEATURE_THREADS && limit >= BATCHED_FROM ? BATCH : 1;
  if (loadShared(header + 4) >= limit) return false;
  const from = addShared(header + 4, wanted);
  if (from >= limit) {
    addShared(header + 4, -wanted);
    return false;
  }
  store<i32>(slab + FRESH_FROM, from);
  store<i32>(slab + FRESH_TO, min(from + wanted, limit));
  return true;
}

/**
 * Takes a free slot of this thread's slab at `place` in its record. Returns -1 at the limit or when memory is at its maximum.
 */
export function takeSlot(
  place: usize,
  fields: usize,
  directory: usize,
  shift: i32,
  linkField: usize,
): i32 {
  assert(isVisiting(), "slab: a slot is taken in a visit");
  const slab = worker() + place;
  const link = load<i32>(slab);
  if (link != 0) {
    const slot = link - 1;
    store<i32>(slab, load<i32>(slotAddress(directory, slot, shift) + linkField));
    store<i32>(slab + ALIVE, load<i32>(slab + ALIVE) + 1);
    return slot;
  }
  if (load<i32>(slab + FRESH_FROM) == load<i32>(slab + FRESH_TO) && !refill(slab, fields))
    return -1;
  const slot = load<i32>(slab + FRESH_FROM);
  if (!ensurePage(directory, slot, shift)) return -1;
  store<i32>(slab + FRESH_FROM, slot + 1);
  store<i32>(slab + ALIVE, load<i32>(slab + ALIVE) + 1);
  return slot;
}

/** The record whose slab gets what this thread gives back; 0 for its own. */
let heir: usize = 0;

/** What belonged to a thread that has died goes to whoever takes its record, and not to the one that clears up. */
export function giveSlotsTo(record: usize): void {
  heir = record;
}

export function giveSlot(
  place: usize,
  directory: usize,
  slot: i32,
  shift: i32,
  linkField: usize,
): void {
  assert(isVisiting(), "slab: a slot is given back in a visit");
  const owner = ASC_FEATURE_THREADS && heir != 0 ? heir : worker();
  const slab = owner + place;
  store<i32>(slotAddress(directory, slot, shift) + linkField, load<i32>(slab));
  store<i32>(slab, slot + 1);
  const alive = load<i32>(slab + ALIVE) - 1;
  // With threads a slot may come back to another list than it was taken from.
  if (!ASC_FEATURE_THREADS) assert(alive >= 0, "slab: a slot was given back twice");
  store<i32>(slab + ALIVE, alive);
}

/** Slots taken minus slots given back by one thread; the sum over all threads is how many are in use. */
export function aliveIn(record: usize, place: usize): i32 {
  return load<i32>(record + place + ALIVE);
}
