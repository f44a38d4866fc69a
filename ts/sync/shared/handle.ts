// What every handle of a shared primitive is: a claim on an object in shared memory. On its way to another thread a claim of its own
// travels with the value (assembly/core/shared/travel.ts).
//
// H1  A handle that is disposed gives its claim up, once. One that is lost to the garbage collector does so too, late.
// H2  What there is one of (a receiver, a guard) moves when it is sent: the handle that was sent is disposed then.

import { forgetEntry, isWatched, noteEntry } from "../../future/index.js";
import { CapacityError, ClosedHandleError, SharedMemoryFullError } from "../errors.js";
import {
  KIND_BROADCAST,
  KIND_CHANNEL,
  KIND_ONESHOT,
  KIND_WATCH,
  OBJECT_KIND,
  ROLE_RECEIVER,
  ROLE_SENDER,
} from "./core.js";
import type { SharedHome } from "./home.js";

/** What the collector's callback needs: never the handle itself. */
interface Lost {
  readonly home: SharedHome;
  readonly claim: number;
}

const lost: FinalizationRegistry<Lost> = /* @__PURE__ */ new FinalizationRegistry<Lost>(
  ({ home, claim }) => {
    home.core.dropClaim(claim);
    home.settle();
  },
);

/** @throws {SharedMemoryFullError} for the core's answer that there was no memory. */
export function claimed(answer: number): number {
  if (answer === 0) throw new SharedMemoryFullError();
  return answer;
}

/**
 * Both ends of a new object, whose first claim is given up.
 *
 * @throws {SharedMemoryFullError} and leaves nothing behind.
 */
export function newEnds(home: SharedHome, claim: number): { sender: number; receiver: number } {
  const { core } = home;
  const object = core.objectOf(claim);
  const sender = core.newEnd(object, ROLE_SENDER);
  const receiver = sender === 0 ? 0 : core.newEnd(object, ROLE_RECEIVER);
  core.dropClaim(claim);
  if (receiver === 0 && sender !== 0) core.dropClaim(sender);
  return { sender, receiver: claimed(receiver) };
}

/** A whole number within bounds. @throws {CapacityError} */
export function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new CapacityError(what, value, `a whole number from ${least} to ${most}`);
}

function queued(values: number): string {
  if (values === 0) return "";
  return values === 1 ? " with a value queued" : ` with ${values} values queued`;
}

export abstract class SharedHandle implements Disposable {
  declare readonly "~send": true;
  /** @internal */
  readonly home: SharedHome;
  private claim: number;
  /** @internal */
  readonly object: number;

  /** @internal */
  constructor(home: SharedHome, claim: number) {
    this.home = home;
    this.claim = claim;
    this.object = home.core.objectOf(claim);
    lost.register(this, { home, claim }, this);
    if (isWatched()) noteEntry("handle", this);
  }

  /** What errors call it: "a sender". */
  protected abstract describe(): string;

  /** @internal The claim of a handle that has not been given up. */
  held(): number {
    if (this.claim === 0) throw new ClosedHandleError(this.describe(), this.instead());
    return this.claim;
  }

  /** What to do instead of using it after the end. */
  protected instead(): string | undefined {
    return undefined;
  }

  protected isHeld(): boolean {
    return this.claim !== 0;
  }

  /** @internal Handles of one object are one thing to a leak check. */
  get censusGroup(): string {
    return `${this.home.id} ${this.object}`;
  }

  /** @internal What it is a handle of. */
  describeForCensus(): string {
    const kind = new Int32Array(this.home.buffer)[(this.object + OBJECT_KIND) >> 2];
    if (kind === KIND_CHANNEL)
      return `shared mpsc channel${queued(this.home.core.queueLengthOf(this.object))}`;
    if (kind === KIND_BROADCAST)
      return `shared broadcast channel${queued(this.home.core.keptIn(this.object))}`;
    if (kind === KIND_ONESHOT) return "shared oneshot channel";
    if (kind === KIND_WATCH) return "shared watch channel";
    return `shared ${this.describe().replace(/^an? /, "")}`;
  }

  /** @internal It has moved to another thread (H2): only the empty claim is left. */
  departed(): void {
    this[Symbol.dispose]();
  }

  /** @internal What stands for it on its way besides the claim. */
  extra(): unknown {
    return undefined;
  }

  /** @internal */
  sent(): unknown {
    this.held();
    return [this.home.carry(this), this.extra()];
  }

  protected sameObject(other: SharedHandle): boolean {
    return this.home === other.home && this.object === other.object;
  }

  [Symbol.dispose](): void {
    const claim = this.claim;
    if (claim === 0) return;
    this.claim = 0;
    lost.unregister(this);
    if (isWatched()) forgetEntry("handle", this);
    this.home.core.dropClaim(claim);
    this.home.settle();
  }
}
