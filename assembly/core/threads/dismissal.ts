// How a thread is ended from outside: not while it is inside of the core, which is where what other threads need is half done. death.md
// beside this file has the argument.
//
// X1  A call of the core that changes anything for others, or what `recover` walks, is a visit: it begins with `enter` and ends with `left` or
//     `leave` (the doors). Visits do not nest, and nothing in them calls JavaScript.
// X2  Who has been stopped begins no visit any more: at the door it stands down, and sleeps until it is ended.
// X3  Who has stopped a thread looks at its INSIDE a millisecond later, not before. If it is outside then, it stays outside and may be ended
//     wherever it is.
//
// INSIDE is written plainly, by its own thread alone, and a processor may hold that back behind the look at STOPPED which follows. An update in
// its place would cost each call of the core what the whole of a wake costs; instead the other side, which is rare, waits for longer than any
// processor keeps a store to itself (X3).

import { INSIDE, STOPPED } from "../layout";
import { loadShared, sleepOn, storeShared } from "../sync";
import { get, recordOf, set, worker } from "../worker";

// ── The thread itself ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Begins a visit; does not come back if this thread was stopped. Partner: the store in dismiss. */
export function enter(): void {
  if (!ASC_FEATURE_THREADS) return;
  set(INSIDE, 1);
  if (isStopped()) standDown();
}

/** Ends a visit. */
export function leave(): void {
  if (!ASC_FEATURE_THREADS) return;
  assert(
    ASC_NO_ASSERT || get(INSIDE) == 1,
    "dismissal: X1, a visit ends that has begun, and ends once",
  );
  set(INSIDE, 0);
}

/** The same with what the visit has given: called with its result, so after all of it. */
export function left<T>(answer: T): T {
  leave();
  return answer;
}

/** For assertions: what is changed without a lock, or under one, is changed in a visit. Models call what stands behind the doors. */
export function isVisiting(): bool {
  return ASC_NO_ASSERT || !ASC_FEATURE_THREADS || isDefined(TOKIWA_MODEL) || get(INSIDE) == 1;
}

/** Sleeps for ever if this thread was stopped: it may not even begin to use another memory. Partner: the store in dismiss. */
export function heedStop(): void {
  if (isStopped()) standDown();
}

function isStopped(): bool {
  return loadShared(worker() + STOPPED) != 0;
}

/** X2. Nothing has been changed since `enter`. */
function standDown(): void {
  set(INSIDE, 0);
  const word = worker() + STOPPED;
  for (let stopped = loadShared(word); stopped != 0; stopped = loadShared(word))
    sleepOn(word, stopped);
}

// ── Whoever ends it ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Stops a thread that is to be ended, at the first call. True at a later one, of which the first comes a millisecond after that (X3):
 * it is outside for good.
 */
export function dismiss(thread: i32): bool {
  const record = recordOf(thread);
  if (loadShared(record + STOPPED) != 0) return loadShared(record + INSIDE) == 0;
  storeShared(record + STOPPED, 1);
  return false;
}

/** The record is another thread's from here on. */
export function forgetDismissal(thread: i32): void {
  storeShared(recordOf(thread) + INSIDE, 0);
  storeShared(recordOf(thread) + STOPPED, 0);
}
