// A lock for a handful of straight-line stores, where a list has two ends and no word could hold both.
//
// L1  It is held for a bounded number of steps in which nothing is called back and nothing waits, so waiting is spinning:
//     also on a page's main thread, which may not sleep.
// L2  Its word names the holder. A thread that dies inside leaves its name there; the one that clears up after it knows that
//     it may repair what the lock guards (death.ts), and every guarded change says how.

import { compareExchange, loadShared, storeShared } from "../sync";
import { self } from "../worker";

export function acquire(lock: usize): void {
  while (compareExchange(lock, 0, self() + 1) != 0) while (loadShared(lock) != 0);
}

export function release(lock: usize): void {
  assert(loadShared(lock) == self() + 1, "lock: released by another than its holder");
  storeShared(lock, 0);
}

/** Takes over a lock whose holder has died; false if it was not the holder. */
export function inherit(lock: usize, dead: i32): bool {
  return compareExchange(lock, dead + 1, self() + 1) == dead + 1;
}
