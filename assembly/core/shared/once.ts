// OnceCell: a semaphore of one permit, which is the turn to initialise, and a value. Closed while there is one.
//
// C1  Version, closed and the value's slot change together, under the lock. The version is odd while there is a value, so who has read
//     one knows by the version whether it still stands.
// C2  Who initialises gives the turn back in the step in which the value comes: from then on the cell can be taken, and is then as a new
//     one, with its turn free.
// C3  Who takes has the slot's pin. Readers have pins of their own (cell.ts, E2), and whoever lets go last frees the block.
// C4  Those in line are told CLOSED, not given the value. It may be gone when they look: then they begin anew. So it does no harm
//     either to tell one that has joined since it was taken, as a loop over many may (waiters.ts, W4).

import { RESULT } from "../layout";
import { storeShared } from "../sync";
import { worker } from "../worker";
import { isBroken, lockObject, objectOf, unlockObject } from "./claim";
import { CLAIM_HELD, CLOSED, OUTCOME_EMPTY, PERMITS, PROMISED, VALUE, VERSION } from "./layout";
import { refuseWaiters } from "./semaphore";
import { blockOf, fillSlot, isBlock, numberIn, outcomeIn, pin, unpin } from "./value";
import { unlockAndWake } from "./waiters";
import { change, field, setField } from "./words";

/** Under the lock. */
function nextVersion(object: usize): void {
  storeShared(object + VERSION, field(object, VERSION) + 1);
}

/**
 * The value, by who holds the turn, which goes back. With `read` the caller gets it as `readValue` gives it, before anybody can take it.
 * False when the object is broken.
 */
export function initialize(claim: usize, outcome: i32, number: f64, read: i32): bool {
  const object = objectOf(claim);
  lockObject(object);
  const whole = !isBroken(object);
  if (whole) {
    assert(field(claim, CLAIM_HELD) == 1, "once: who initialises has the turn");
    assert(field(object, CLOSED) == 0, "once: there is no value yet");
    if (read != 0 && isBlock(outcome)) pin(blockOf(number));
    setField(worker() + RESULT, 8, field(object, VERSION) + 1);
    fillSlot(object + VALUE, outcome, number);
    nextVersion(object);
    storeShared(object + CLOSED, 1);
    setField(claim, CLAIM_HELD, 0);
    change(object, PROMISED, -1);
    change(object, PERMITS, 1);
    refuseWaiters(object);
  } else if (isBlock(outcome)) unpin(blockOf(number));
  unlockAndWake(object);
  store<f64>(worker() + RESULT, number);
  return whole;
}

/**
 * Takes the value out: its outcome, and in RESULT what stood in the slot, with the pin; behind it the version that it was. EMPTY when
 * there is none, or the object is broken.
 */
export function takeInitialized(object: usize): i32 {
  lockObject(object);
  if (field(object, CLOSED) == 0 || isBroken(object)) {
    unlockObject(object);
    return OUTCOME_EMPTY;
  }
  const outcome = outcomeIn(object + VALUE);
  const number = numberIn(object + VALUE);
  setField(worker() + RESULT, 8, field(object, VERSION));
  setField(object + VALUE, 0, OUTCOME_EMPTY);
  nextVersion(object);
  storeShared(object + CLOSED, 0);
  // Nobody is woken: whoever is still in line is told by the thread that is at it (C4), or, after its death, goes on by itself.
  unlockObject(object);
  store<f64>(worker() + RESULT, number);
  return outcome;
}
