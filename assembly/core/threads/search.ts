// A worker with nothing to do: searching, spinning, parking; and the same for the threads that do not steal.
// parking.md beside this file has the protocol and the argument.

import {
  COUNT_NOOPS,
  COUNT_PARKS,
  COUNT_UNPARKS,
  EXPECTS,
  HEADER,
  HEADER_CORES,
  HEADER_WORKERS,
  SEARCHING,
  SPINS,
  WOKE,
} from "../layout";
import { drawBelow } from "../random";
import { hasSignals } from "../shared/waiters";
import { loadShared } from "../sync";
import { count, get, recordOf, self, set } from "../worker";
import { becomeIdle, blockingLength, ceaseIdle, hasWanted } from "./blocking";
import { isClosed } from "./closing";
import { becomeSleeper, beginSearch, ceaseSleeper, leaveSearch, notifyWorker } from "./idle";
import { hasInbox } from "./inbox";
import { injectorLength } from "./injector";
import { endSearch, hasSharedWork } from "./look";
import { announcePark, retractPark } from "./parking";
import { ROLE_BLOCKING, ROLE_WORKER, role } from "./registry";
import { ringLength, stealFrom } from "./ring";
import { isOnDuty } from "./substitutes";
import { hasOwnWork, isFreeForCalls } from "./take";

const STREAM_SCHEDULE: i32 = 0;

/**
 * Rounds of a search, each about 20 ns. A parked thread costs 20 to 50 µs to wake, so waiting that long is worth it for one
 * that would be woken at once, and for no other. Which it is, the last parks tell: endPark.
 */
const FEWEST_SPINS: i32 = 64;
const MOST_SPINS: i32 = 2048;

/** What a thread that does not steal expects of others. */
const EXPECTS_NOTHING: i32 = 0;
const EXPECTS_LITTLE: i32 = 1;

/** A park that was shorter, in milliseconds, would better have been a longer search; a caller waits for two wakes in a row. */
const SHORT_PARK: f64 = 0.1;
const SHORT_PARK_CALLER: f64 = 0.3;

/** Tries every other worker once, from a random one on. */
function stealFromAny(): bool {
  const workers = loadShared(HEADER + HEADER_WORKERS);
  const start = drawBelow(STREAM_SCHEDULE, workers);
  for (let offset = 0; offset < workers; offset++) {
    let victim = start + offset;
    if (victim >= workers) victim -= workers;
    if (victim == self() || ringLength(recordOf(victim)) == 0) continue;
    if (stealFrom(victim) > 0) return true;
  }
  return false;
}

function findWork(): bool {
  return hasOwnWork() || stealFromAny() || injectorLength() > 0 || isClosed();
}

/** How many rounds this search takes at most. */
function spinLimit(): i32 {
  // On one core the one that is waited for runs only when this thread does not.
  if (loadShared(HEADER + HEADER_CORES) < 2) return 1;
  const limit = get(SPINS);
  return limit == 0 ? MOST_SPINS : limit;
}

/** Woken at once: search for long the next time. Slept for long: for half as long. */
function learn(parkedMs: f64): void {
  // A sleep in which nothing was expected says nothing about waiting.
  if (role() != ROLE_WORKER && get(EXPECTS) != EXPECTS_LITTLE) return;
  const short = role() == ROLE_WORKER ? SHORT_PARK : SHORT_PARK_CALLER;
  if (parkedMs < short) set(SPINS, MOST_SPINS);
  else set(SPINS, max(spinLimit() >> 1, FEWEST_SPINS));
}

/** A worker without work searches for some. Whether `next` will find any. */
function searchAsWorker(): bool {
  if (!beginSearch()) return findWork();
  const limit = spinLimit();
  for (let round = 0; round < limit; round++) {
    if (!findWork()) continue;
    endSearch();
    return true;
  }
  // Others stayed quiet while this search was counted, so the last look comes after it; and what it finds may be more than one.
  if (!leaveSearch() || !findWork()) return false;
  notifyWorker();
  return true;
}

/** Of a look into the inbox, per round of a worker's search: it reads one word, and waits for a thread that may have to wake first. */
const LOOKS_PER_ROUND: i32 = 64;

/** Whoever expects little has nothing better to do; with much under way, waiting would take a core from those that work at it. */
function awaitInbox(expects: i32): bool {
  const rounds = expects == EXPECTS_LITTLE ? spinLimit() : FEWEST_SPINS;
  for (let look = 0; look < rounds * LOOKS_PER_ROUND; look++)
    if (hasInbox() || hasSignals()) return true;
  return false;
}

/**
 * Called when `next` has answered EMPTY: looks for work, or waits a short while for some to come.
 *
 * @param expects for a thread that does not steal: how much is under way elsewhere that will end here.
 * @returns whether `next` will find something.
 */
export function search(expects: i32): bool {
  if (isOnDuty()) return searchAsWorker();
  set(EXPECTS, expects);
  // Whoever had to be woken cannot be done sooner than it gets a core, and that may be this one.
  if (get(WOKE) != 0) {
    set(WOKE, 0);
    return hasOwnWork();
  }
  return expects == EXPECTS_NOTHING ? hasOwnWork() : awaitInbox(expects);
}

/** Everything that another thread could have given this one. */
function somethingCame(): bool {
  if (hasOwnWork() || isClosed()) return true;
  const mine = role();
  if (mine == ROLE_BLOCKING) return isFreeForCalls() && blockingLength() > 0;
  if (mine != ROLE_WORKER) return hasWanted();
  if (!isOnDuty()) return false;
  return hasSharedWork();
}

/**
 * Announces that this thread sleeps. True: sleep on the park word while it says PARKED, then call endPark. False: something
 * came; the park is over already.
 */
export function beginPark(): bool {
  announcePark();
  if (isOnDuty()) becomeSleeper();
  else if (get(SEARCHING) != 0) endSearch();
  if (isFreeForCalls()) becomeIdle();
  if (somethingCame()) {
    backFromPark();
    return false;
  }
  count(COUNT_PARKS);
  return true;
}

function backFromPark(): void {
  retractPark();
  if (role() == ROLE_WORKER) ceaseSleeper();
  else if (role() == ROLE_BLOCKING) ceaseIdle();
}

/** The thread is awake. `parkedMs` is how long it slept. */
export function endPark(parkedMs: f64): void {
  backFromPark();
  learn(parkedMs);
  count(COUNT_UNPARKS);
  if (!hasOwnWork()) count(COUNT_NOOPS);
}
