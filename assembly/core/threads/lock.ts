// A lock for a handful of straight-line stores, where a list has two ends and no word could hold both.
//
// L1  It is held for a bounded number of steps in which nothing is called back and nothing waits, so waiting is spinning:
//     also on a page's main thread, which may not sleep.
// L2  Its word names the holder. A thread that dies inside leaves its name there; the one that clears up after it knows that
//     it may repair what the lock guards (death.ts), and every guarded change says how.
// L3  A thread that another one is about to end does not go on behind a lock: it gives it back unused, and sleeps for ever.
//     Until it is outside it is not ended (`dismiss`); what bears its name afterwards it has not used. death.md has the argument.
// L4  Who has dismissed a thread may take such a lock over, so that it never waits for an end of which it could not hear
//     while it waits. Nobody else may: the name could be another thread's by then.

import { INSIDE, STOPPED } from "../layout";
import { compareExchange, loadShared, loadSharedAddress, sleepOn, storeShared } from "../sync";
import { getAddress, recordOf, self, setAddress, worker } from "../worker";

/** In a thread's STOPPED: it takes no lock any more. From 1 on it has been dismissed: by whom, if that one takes part (L4). */
const STOPPING: i32 = -1;
const DISMISSED_FROM_OUTSIDE: i32 = i32.MAX_VALUE;

/** How often a thread that spins finds the same holder before it looks who that is; twice as often each time. */
const LOOKS_AT_LOCK: i32 = isDefined(TOKIWA_MODEL) ? 1 : 256;
const MOST_LOOKS_AT_LOCK: i32 = 1 << 16;
/** For how long `dismiss` waits for a section to end: longer only if its thread is not running. */
const LOOKS_AT_THREAD: i32 = isDefined(TOKIWA_MODEL) ? 2 : 10_000;

export function acquire(lock: usize): void {
  // Plain, and nevertheless seen by `dismiss`: the update below comes between this store and the look at STOPPED, and processors
  // let neither pass it.
  setAddress(INSIDE, lock);
  if (compareExchange(lock, 0, self() + 1) != 0) spin(lock);
  if (loadShared(worker() + STOPPED) != 0) standDown(lock);
}

export function release(lock: usize): void {
  assert(loadShared(lock) == self() + 1, "lock: released by another than its holder");
  assert(getAddress(INSIDE) == lock, "lock: L3, its holder is inside of it");
  storeShared(lock, 0);
  // Afterwards: the lock is gone with what it guards as soon as another thread may free that.
  setAddress(INSIDE, 0);
}

function spin(lock: usize): void {
  for (let looks = LOOKS_AT_LOCK; ; looks <<= looks >= MOST_LOOKS_AT_LOCK ? 0 : 1) {
    const holder = loadShared(lock);
    if (holder == 0) {
      if (compareExchange(lock, 0, self() + 1) == 0) return;
    } else if (isHeldFor(lock, holder, looks) && isDismissedHere(holder)) {
      if (compareExchange(lock, holder, self() + 1) == holder) return;
    }
  }
}

function isHeldFor(lock: usize, holder: i32, most: i32): bool {
  for (let looks = 0; looks < most; looks++) if (loadShared(lock) != holder) return false;
  return true;
}

/** L4. */
function isDismissedHere(holder: i32): bool {
  return loadShared(recordOf(holder - 1) + STOPPED) == self() + 1;
}

/** L3. Another thread may have taken the lock over (L4), so it is not simply stored to. */
function standDown(lock: usize): void {
  compareExchange(lock, self() + 1, 0);
  setAddress(INSIDE, 0);
  sleepForEver();
}

function sleepForEver(): void {
  const word = worker() + STOPPED;
  for (let stopped = loadShared(word); stopped != 0; stopped = loadShared(word))
    sleepOn(word, stopped);
}

/** Sleeps for ever if this thread is about to be ended: it may not even begin to use another memory. Partner: the store in dismiss. */
export function heedStop(): void {
  if (loadShared(worker() + STOPPED) != 0) sleepForEver();
}

/** Takes over a lock whose holder has died; false if it was not the holder. */
export function inherit(lock: usize, dead: i32): bool {
  setAddress(INSIDE, lock);
  if (compareExchange(lock, dead + 1, self() + 1) == dead + 1) return true;
  setAddress(INSIDE, 0);
  return false;
}

// ── Ending a thread ──────────────────────────────────────────────────────────────────────────────────────────────────────

function isInside(thread: i32): bool {
  const lock = loadSharedAddress(recordOf(thread) + INSIDE);
  return lock != 0 && loadShared(lock) == thread + 1;
}

/**
 * Another thread is to be ended by this one: it does not use a lock from here on. True once it is outside of the last, and may be ended;
 * false if it has not come out yet: then to be called again.
 *
 * @param takesPart whether this is the record of the thread that calls, and not one that it has for this only.
 */
export function dismiss(thread: i32, takesPart: i32): bool {
  const word = recordOf(thread) + STOPPED;
  if (loadShared(word) > 0) return true;
  storeShared(word, STOPPING);
  for (let looks = 0; looks < LOOKS_AT_THREAD; looks++) {
    if (isInside(thread)) continue;
    storeShared(word, takesPart != 0 ? self() + 1 : DISMISSED_FROM_OUTSIDE);
    return true;
  }
  return false;
}

/** Whether a thread that has ended had been dismissed: it has left nothing half changed behind a lock. */
export function wasDismissed(thread: i32): bool {
  return loadShared(recordOf(thread) + STOPPED) > 0;
}

/** The record is another thread's from here on. */
export function forgetDismissal(thread: i32): void {
  storeShared(recordOf(thread) + INSIDE, 0);
  storeShared(recordOf(thread) + STOPPED, 0);
}
