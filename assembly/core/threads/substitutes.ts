// Blocking in place: a worker that is about to block gives away what others can run, and a substitute keeps the number of
// workers that work.
//
// U1  Behind the workers' records some are kept for substitutes. The substitute n is on duty while more than n workers block. Off duty it runs only what has started on it, and neither steals nor is woken for new work.
// U2  What others could run leaves the ring of a worker that blocks, and of a substitute that goes off duty.
// U3  A worker that imports a module is off duty too: it would pin one task after the other that it cannot run yet. Afterwards the task
//     for which it did so comes first, before any from the injector: that could block this thread, and nobody else has the other.
// U4  How much of the count is a thread's own stands in its record, and is given back when it has died. The count goes up before that and
//     down after it, so that it is never less than the records say: a thread that dies between the two leaves a substitute on duty that
//     nobody needs, which does no harm; one too few could leave nobody to run what the workers that block wait for.
//
// Models: tests/model/models/substitutes.ts.

import {
  BLOCKED,
  HEADER,
  HEADER_BASE_WORKERS,
  HEADER_BLOCKED,
  HEADER_OWNER,
  HEADER_RESERVED,
  HEADER_SUBSTITUTE_WANTED,
  IMPORTING,
  LIFO,
  TURN,
} from "../layout";
import { addShared, exchangeShared, loadShared, storeShared } from "../sync";
import { isMovable } from "../task";
import { get, getAddress, recordOf, self, set, setAddress, worker } from "../worker";
import { notifyWorker } from "./idle";
import { inject } from "./injector";
import { unpark } from "./parking";
import { ROLE_WORKER, role, stateOfThread, TAKEN } from "./registry";
import { popRing } from "./ring";

function baseWorkers(): i32 {
  return loadShared(HEADER + HEADER_BASE_WORKERS);
}

function mostSubstitutes(): i32 {
  return loadShared(HEADER + HEADER_RESERVED) - baseWorkers();
}

/** Whether this thread takes part in stealing. */
export function isOnDuty(): bool {
  if (role() != ROLE_WORKER || get(IMPORTING) != 0) return false;
  const place = self() - baseWorkers();
  return place < 0 || place < loadShared(HEADER + HEADER_BLOCKED);
}

/** This worker begins or ends an import (U3). */
export function setImporting(importing: i32): void {
  set(IMPORTING, importing);
  // The next turn is the zeroth: the own list comes first, and the injector in none before the first.
  if (importing == 0) set(TURN, -1);
}

/** U2. */
export function giveAway(): void {
  const lifo = getAddress(LIFO);
  if (lifo != 0 && isMovable(lifo)) {
    setAddress(LIFO, 0);
    inject(lifo);
  }
  for (let task = popRing(); task != 0; task = popRing()) inject(task);
  notifyWorker();
}

/** This worker is about to block. */
export function handOff(): void {
  const place = addShared(HEADER + HEADER_BLOCKED, 1);
  addShared(worker() + BLOCKED, 1);
  if (place < mostSubstitutes()) {
    const substitute = baseWorkers() + place;
    if (stateOfThread(substitute) >= TAKEN) unpark(substitute);
    else wantSubstitute();
  }
  giveAway();
}

function wantSubstitute(): void {
  storeShared(HEADER + HEADER_SUBSTITUTE_WANTED, 1);
  const owner = loadShared(HEADER + HEADER_OWNER);
  if (owner != 0) unpark(owner - 1);
}

/** It blocks no longer: one substitute goes off duty, when it next looks. */
export function takeBack(): void {
  addShared(worker() + BLOCKED, -1);
  uncount(1);
}

function uncount(times: i32): void {
  const before = addShared(HEADER + HEADER_BLOCKED, -times);
  assert(before >= times, "substitutes: more workers came back than blocked");
}

/** U4. A thread has died, maybe while it blocked. Before the others are woken, so that a substitute finds that it is off duty. */
export function forgetBlocked(dead: i32): void {
  uncount(exchangeShared(recordOf(dead) + BLOCKED, 0));
}

/** How many substitutes are to be there, if that has been asked since the last time; else 0. */
export function takeWantedSubstitutes(): i32 {
  if (exchangeShared(HEADER + HEADER_SUBSTITUTE_WANTED, 0) == 0) return 0;
  return min(loadShared(HEADER + HEADER_BLOCKED), mostSubstitutes());
}
