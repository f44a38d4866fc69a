// Memory for arguments and results that do not fit into a task's header. Blocks of powers of two; each thread has free lists
// of its own, and a block that another thread gives back returns to the thread it came from, so that a thread which only
// spawns and one which only runs do not pump memory from one to the other. The idea is mimalloc's (Leijen, Zorn, de Moura,
// "Mimalloc: Free List Sharding in Action", 2019).
//
// H1  A block belongs to the thread that carved it, for ever; its free lists are touched by that thread alone.
// H2  What others give back goes onto that thread's chain of freed blocks, which it takes whole when a list is empty.
//
//   0  owner   thread, u16; class, u16
//   4  link    while free
//   8  …       what the user has
//
// A class in a record: free head, fresh from, fresh to.

import { FREED_BLOCKS, HEAP, PAGE_SHIFT, PAGE_SIZE } from "../layout";
import { newPages } from "../slab";
import { compareExchange, exchangeShared, loadShared } from "../sync";
import { recordOf, self, worker } from "../worker";
import { isVisiting } from "./dismissal";

const CLASSES: i32 = 20;
const SMALLEST_SHIFT: i32 = 7;
const OVERHEAD: i32 = 8;
const LINK: usize = 4;
const FRESH_FROM: usize = 4;
const FRESH_TO: usize = 8;

function sizeOf(kind: i32): i32 {
  return 1 << (SMALLEST_SHIFT + kind);
}

function listOf(kind: i32): usize {
  return worker() + HEAP + (kind as usize) * 12;
}

/** The class for so many bytes, or -1 for more than 64 megabytes. */
function classFor(bytes: i32): i32 {
  const size = bytes + OVERHEAD;
  if (size <= 1 << SMALLEST_SHIFT) return 0;
  const kind = 32 - clz(size - 1) - SMALLEST_SHIFT;
  return kind < CLASSES ? kind : -1;
}

function classOf(block: usize): i32 {
  return load<u16>(block + 2) as i32;
}

function ownerOf(block: usize): i32 {
  return load<u16>(block) as i32;
}

function pushFree(block: usize): void {
  const list = listOf(classOf(block));
  store<u32>(block + LINK, load<u32>(list));
  store<u32>(list, block as u32);
}

function popFree(list: usize): usize {
  const block = load<u32>(list) as usize;
  if (block != 0) store<u32>(list, load<u32>(block + LINK));
  return block;
}

/** Takes what others gave back (H2). */
function reclaim(): void {
  let block = exchangeShared(worker() + FREED_BLOCKS, 0) as u32 as usize;
  while (block != 0) {
    const next = load<u32>(block + LINK) as usize;
    pushFree(block);
    block = next;
  }
}

/** A block that was never used. Pages are carved as they are needed, so that memory nobody writes to costs nothing. */
function carve(kind: i32, list: usize): usize {
  const size = sizeOf(kind);
  if (load<u32>(list + FRESH_FROM) == load<u32>(list + FRESH_TO)) {
    const bytes = max(size, PAGE_SIZE);
    const page = newPages(bytes >> PAGE_SHIFT);
    if (page == 0) return 0;
    store<u32>(list + FRESH_FROM, page as u32);
    store<u32>(list + FRESH_TO, (page as u32) + (bytes as u32));
  }
  const block = load<u32>(list + FRESH_FROM) as usize;
  store<u32>(list + FRESH_FROM, (block as u32) + (size as u32));
  store<u16>(block, self() as u16);
  store<u16>(block + 2, kind as u16);
  return block;
}

/** Address of at least so many bytes, or 0 when memory is at its maximum or they are more than 64 megabytes. */
export function allocate(bytes: i32): usize {
  assert(isVisiting(), "heap: a block is taken in a visit");
  const kind = classFor(bytes);
  if (kind < 0) return 0;
  const list = listOf(kind);
  let block = popFree(list);
  if (block == 0 && loadShared(worker() + FREED_BLOCKS) != 0) {
    reclaim();
    block = popFree(list);
  }
  if (block == 0) block = carve(kind, list);
  return block == 0 ? 0 : block + OVERHEAD;
}

/** How many bytes a block has room for. */
export function capacityOf(address: usize): i32 {
  return sizeOf(classOf(address - OVERHEAD)) - OVERHEAD;
}

/** Gives a block back, from any thread. Partner: the exchange in reclaim. */
export function giveBack(address: usize): void {
  assert(isVisiting(), "heap: a block is given back in a visit");
  const block = address - OVERHEAD;
  const owner = ownerOf(block);
  if (owner == self()) {
    pushFree(block);
    return;
  }
  const chain = recordOf(owner) + FREED_BLOCKS;
  for (;;) {
    const head = loadShared(chain);
    store<u32>(block + LINK, head as u32);
    if (compareExchange(chain, head, block as i32) == head) return;
  }
}
