// How a thread goes to sleep, and how others wake it. parking.md beside this file has both sides and the argument.
//
// P1  A thread that sleeps has PARKED in its word. Whoever changes that to NOTIFIED wakes it, once.
// P2  Before it sleeps it announces (PARKED), then looks once more at everything that could have been given to it; whoever
//     gives it something does so first and looks at the word second. One of the two sees the other.
// P3  The sleep itself is TypeScript's: Atomics.wait on the word where the thread may block, waitAsync where it may not.

import { HEADER, HEADER_THREADS, PARK, WOKE } from "../layout";
import { compareExchange, loadShared, notifySleepers, storeShared } from "../sync";
import { recordOf, set, worker } from "../worker";

export const EMPTY_WORD: i32 = 0;
export const PARKED: i32 = 1;
export const NOTIFIED: i32 = 2;

/** Step one of a park; the caller now looks at everything once more. Partner: the load in unpark. */
export function announcePark(): void {
  storeShared(worker() + PARK, PARKED);
}

/** Back from a park, or from one that was thought better of. */
export function retractPark(): void {
  storeShared(worker() + PARK, EMPTY_WORD);
}

/** Wakes a thread if it sleeps or is about to. The caller has put something where that thread looks. */
export function unpark(thread: i32): void {
  const word = recordOf(thread) + PARK;
  // Partner: the store in announcePark. One that is awake looks for itself before it sleeps (P2).
  if (loadShared(word) != PARKED) return;
  if (compareExchange(word, PARKED, NOTIFIED) != PARKED) return;
  notifySleepers(word);
  set(WOKE, 1);
}

/**
 * Wakes every thread that is in a park: one that died may have had the waking of some of them in hand, at whatever step. Being
 * woken for nothing does no harm.
 */
export function unparkAll(): void {
  const threads = loadShared(HEADER + HEADER_THREADS);
  for (let thread = 0; thread < threads; thread++) {
    const word = recordOf(thread) + PARK;
    if (exchangeIfParked(word)) notifySleepers(word);
  }
}

function exchangeIfParked(word: usize): bool {
  const state = loadShared(word);
  return (
    state == NOTIFIED || (state == PARKED && compareExchange(word, PARKED, NOTIFIED) == PARKED)
  );
}

export function isParked(thread: i32): bool {
  return loadShared(recordOf(thread) + PARK) != EMPTY_WORD;
}
