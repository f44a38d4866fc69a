// Objects with a version that changes, and who waits for that: what Barrier, SetOnce and the flag of a CancellationToken are.

import { Pending, type Poll } from "../../future/index.js";
import { BrokenError, ClosedHandleError } from "../errors.js";
import { BROKEN, CLOSED, KIND_CELL, ROLE_SENDER, WAITING } from "./core.js";
import { claimed } from "./handle.js";
import type { SharedHome } from "./home.js";
import { Listening, type Place } from "./waits.js";

/** Waits until the version is another than `seen`. */
export abstract class AwaitVersion<T> extends Listening<T> {
  protected seen: number;

  constructor(place: Place, seen: number) {
    super(place);
    this.seen = seen;
  }

  protected abstract changed(): Poll<T>;

  protected override look(listener: number, slot: number, generation: number): Poll<T> {
    const { core } = this.home;
    const answer = core.awaitVersion(this.object, listener, this.seen, slot, generation);
    if (answer === WAITING) return Pending;
    if (answer === BROKEN) throw new BrokenError();
    return answer === CLOSED ? this.closed() : this.changed();
  }

  protected closed(): Poll<T> {
    throw new ClosedHandleError(this.what());
  }
}

/** The object stays open: there is always somebody who can change it. */
export function newCell(home: SharedHome, maximum: number): number {
  const claim = claimed(home.core.newObject(KIND_CELL, 0, maximum));
  const sender = home.core.newEnd(home.core.objectOf(claim), ROLE_SENDER);
  if (sender === 0) home.core.dropClaim(claim);
  // A sender that nobody drops would keep the object: it is what the handle is.
  home.core.dropClaim(claim);
  return claimed(sender);
}
