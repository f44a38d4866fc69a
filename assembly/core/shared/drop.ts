// The end of claims, whatever they are on: what they hold goes back, places in lines are left, ends are counted down.

import { DROPPING, GARBAGE } from "../layout";
import { loadShared } from "../sync";
import { getAddress, setAddress } from "../worker";
import { wakeIfDrained } from "./channel";
import { freeClaim, freeLooseClaim, objectOf } from "./claim";
import { dropReceiver, dropSender, dropWeak } from "./ends";
import {
  CLAIM_MINE_NEXT,
  CLAIM_ROLE,
  KIND,
  KIND_CHANNEL,
  ROLE_LISTENER,
  ROLE_NOTIFIED,
  ROLE_PERMITS,
  ROLE_RECEIVER,
  ROLE_SENDER,
  ROLE_WEAK,
} from "./layout";
import { stopListening } from "./listener";
import { giveNotifiedUp } from "./notify";
import { givePermitsUp } from "./semaphore";
import { field, link } from "./words";

/**
 * Gives up what a claim stands for. Only its block is left. Done again to a claim that stands for nothing any more it does nothing: the
 * thread may have died in the middle.
 */
export function giveClaimUp(claim: usize): void {
  const object = objectOf(claim);
  const role = loadShared(claim + CLAIM_ROLE);
  if (role == ROLE_SENDER) dropSender(claim);
  else if (role == ROLE_WEAK) dropWeak(claim);
  else if (role == ROLE_RECEIVER) dropReceiver(claim);
  else if (role == ROLE_PERMITS) {
    givePermitsUp(claim);
    if (field(object, KIND) == KIND_CHANNEL) wakeIfDrained(object);
  } else if (role == ROLE_LISTENER) stopListening(claim);
  else if (role == ROLE_NOTIFIED) giveNotifiedUp(claim);
}

/** The end of a claim of this thread. */
export function dropClaim(claim: usize): void {
  giveClaimUp(claim);
  freeClaim(claim);
}

/**
 * Drops the claims that were put aside (value.ts, V2); that may put others aside. The one in hand stands in the record, for whoever
 * clears up if this thread dies here.
 */
export function collect(): void {
  for (let claim = getAddress(GARBAGE); claim != 0; claim = getAddress(GARBAGE)) {
    setAddress(DROPPING, claim);
    setAddress(GARBAGE, link(claim, CLAIM_MINE_NEXT));
    giveClaimUp(claim);
    setAddress(DROPPING, 0);
    freeLooseClaim(claim);
  }
}
