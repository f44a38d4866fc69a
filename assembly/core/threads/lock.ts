// A lock for a handful of straight-line stores, where a list has two ends and no word could hold both.
//
// L1  It is held for a bounded number of steps in which nothing is called back and nothing waits, so waiting is spinning:
//     also on a page's main thread, which may not sleep.
// L2  Its word names the holder. A thread that dies inside leaves its name there; the one that clears up after it knows that
//     it may repair what the lock guards (death.ts), and every guarded change says how.
// L3  It is taken and let go within one visit (dismissal.ts), so the runtime ends no thread that holds it.

import { compareExchange, loadShared, storeShared } from "../sync";
import { self } from "../worker";
import { isVisiting } from "./dismissal";

export function acquire(lock: usize): void {
  assert(isVisiting(), "lock: L3, it is taken in a visit");
  while (compareExchange(lock, 0, self() + 1) != 0) while (loadShared(lock) != 0);
}

export function release(lock: usize): void {
  assert(loadShared(lock) == self() + 1, "lock: released by another than its holder");
  assert(isVisiting(), "lock: L3, it is let go in the same visit");
  storeShared(lock, 0);
}

/** Takes over a lock whose holder has died; false if it was not the holder. */
export function inherit(lock: usize, dead: i32): bool {
  return compareExchange(lock, dead + 1, self() + 1) == dead + 1;
}
