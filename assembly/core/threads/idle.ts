// Which workers are parked and which are searching, so that new work wakes somebody and not everybody. Tokio's rules
// (runtime/scheduler/multi_thread/idle.rs) over one word for 32 workers instead of a list under a lock; parking.md has the
// protocol.
//
//   searching   ‖  sleeping
//   63…32          31…0          bit n of either half: worker n
//
// I1  A worker becomes a sleeper, and ceases to search, in one step, when it parks. It ceases to be a sleeper in one step too: by
//     itself when it comes back, or made a searcher by whoever wakes it for new work.
// I2  A worker that stops searching because it found work wakes another if it was the last and there is more (look.ts).
// I3  A worker that parks looks at every queue after it has become a sleeper.
// I4  What a worker is counted as stands in these words and nowhere else, so that it can be forgotten when it dies, at whatever
//     step. SEARCHING and IN_PARK in its record are its own copies.

import { HEADER, HEADER_SLEEPERS, HEADER_WORKERS, IN_PARK, SEARCHING } from "../layout";
import { compareExchange64, loadShared, loadShared64 } from "../sync";
import { get, self, set } from "../worker";
import { unpark } from "./parking";

const SEARCH_SHIFT: i64 = 32;

function wordOf(worker: i32): usize {
  return HEADER + HEADER_SLEEPERS + ((worker >> 5) << 3);
}

function sleepingBit(worker: i32): i64 {
  return (1 as i64) << ((worker & 31) as i64);
}

function searchingBit(worker: i32): i64 {
  return sleepingBit(worker) << SEARCH_SHIFT;
}

function sleepersIn(bits: i64): i32 {
  return bits as i32;
}

function searchersIn(bits: i64): i32 {
  return (bits >>> SEARCH_SHIFT) as i32;
}

/** Clears and sets bits of a word in one step; what was there before. */
function change(word: usize, clear: i64, toSet: i64): i64 {
  let before = loadShared64(word);
  for (;;) {
    const after = (before & ~clear) | toSet;
    const found = before == after ? before : compareExchange64(word, before, after);
    if (found != before) {
      before = found;
      continue;
    }
    return before;
  }
}

/** How many workers are searching. */
export function searchers(): i32 {
  const workers = loadShared(HEADER + HEADER_WORKERS);
  let count = 0;
  for (let first = 0; first < workers; first += 32)
    count += popcnt(searchersIn(loadShared64(wordOf(first))));
  return count;
}

/** There is new work: wakes a worker unless one is searching, and would find it. Partner: I3. */
export function notifyWorker(): void {
  while (!notified());
}

/** False when the word has changed meanwhile: look again. */
function notified(): bool {
  const workers = loadShared(HEADER + HEADER_WORKERS);
  let bits: i64 = 0;
  let place = -1;
  for (let first = 0; first < workers; first += 32) {
    const found = loadShared64(wordOf(first));
    if (searchersIn(found) != 0) return true;
    if (place >= 0 || sleepersIn(found) == 0) continue;
    bits = found;
    place = first;
  }
  if (place < 0) return true;
  // The lowest, so that the same few workers stay warm.
  const worker = place + ctz(sleepersIn(bits));
  const after = (bits & ~sleepingBit(worker)) | searchingBit(worker);
  if (compareExchange64(wordOf(place), bits, after) != bits) return false;
  unpark(worker);
  return true;
}

/** Whether this worker may search: at most half of them do. */
export function beginSearch(): bool {
  if (get(SEARCHING) != 0) return true;
  if (2 * searchers() >= loadShared(HEADER + HEADER_WORKERS)) return false;
  change(wordOf(self()), 0, searchingBit(self()));
  set(SEARCHING, 1);
  return true;
}

/** This worker is no longer searching; true if it was the last. */
export function leaveSearch(): bool {
  if (get(SEARCHING) == 0) return false;
  set(SEARCHING, 0);
  const before = change(wordOf(self()), searchingBit(self()), 0);
  assert((before & searchingBit(self())) != 0, "idle: a search ended that had not begun");
  return searchers() == 0;
}

/** This worker parks, and its search is over. The caller looks at every queue after this (I3). */
export function becomeSleeper(): void {
  set(IN_PARK, 1);
  set(SEARCHING, 0);
  change(wordOf(self()), searchingBit(self()), sleepingBit(self()));
}

/** This worker is back. One that was woken for new work is searching already (I1). */
export function ceaseSleeper(): void {
  if (get(IN_PARK) == 0) return;
  const before = change(wordOf(self()), sleepingBit(self()), 0);
  if ((before & searchingBit(self())) != 0) set(SEARCHING, 1);
  set(IN_PARK, 0);
}

/** A worker has died: it neither sleeps nor searches. What it had searched for, others do. */
export function forgetThread(thread: i32): void {
  const workers = loadShared(HEADER + HEADER_WORKERS);
  if (thread < workers) change(wordOf(thread), sleepingBit(thread) | searchingBit(thread), 0);
  notifyWorker();
}
