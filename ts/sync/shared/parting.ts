// Waiting for the other side of a shared channel to go.

import { Pending, type Poll } from "../../future/index.js";
import { BrokenError } from "../errors.js";
import { BROKEN, READY } from "./core.js";
import { Listening, type Place } from "./waits.js";

/** Waits until no receiver is left. */
export class AwaitParting extends Listening<void> {
  private readonly called: string;

  /** @param called the call that made it, for reports and errors. */
  constructor(place: Place, called: string) {
    super(place);
    this.called = called;
  }
  protected override what(): string {
    return this.called;
  }
  protected override look(listener: number, slot: number, generation: number): Poll<void> {
    const answer = this.home.core.awaitParting(this.object, listener, slot, generation);
    if (answer === READY) return;
    if (answer === BROKEN) throw new BrokenError();
    return Pending;
  }
}
