// What every handle of a shared primitive is: a claim on an object in shared memory. On its way to another thread a claim of its own
// travels with the value (assembly/core/shared/travel.ts).
//
// H0  Who uses a handle goes by `object` or `held`, which refuse once it is given up or the runtime is gone: the memory of an object
//     without claims is somebody else's. What may be asked after that is answered without them.
// H1  A handle that is disposed gives its claim up, once. One that is lost to the garbage collector does so too, late.
// H2  What there is one of (a receiver, the sender of a oneshot) moves when it is sent: the handle that was sent is disposed then.
// H3  Handles of a primitive without ends (a lock, a cell) stand on one claim for each thread: a task that gets the same mutex as its
//     argument a thousand times makes a thousand handles for the collector, and one claim. It is given up with the last of them.

import { forgetEntry, isWatched, noteEntry } from "../../future/index.js";
import { BrokenError, ClosedHandleError, SharedMemoryFullError } from "../errors.js";
import type { WaitList } from "../waiters.js";
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
  readonly object: number;
  /** Whether the claim may be one that several handles stand on (H3). */
  readonly isWhole: boolean;
}

const lost: FinalizationRegistry<Lost> = /* @__PURE__ */ new FinalizationRegistry<Lost>(
  ({ home, claim, object, isWhole }) => giveUp(home, claim, object, isWhole),
);

/** Puts a claim to the one that this thread has on the object (H3), which it returns. */
function joinClaims(home: SharedHome, claim: number, object: number): number {
  const standing = home.standing.get(object);
  if (standing === undefined) {
    home.standing.set(object, { claim, handles: 1 });
    return claim;
  }
  standing.handles += 1;
  home.core.dropClaim(claim);
  return standing.claim;
}

/** A handle leaves the claim that it stands on; whether that is to be given up. */
function leaveClaim(home: SharedHome, claim: number, object: number): boolean {
  const standing = home.standing.get(object);
  if (standing?.claim !== claim) return true;
  standing.handles -= 1;
  if (standing.handles > 0) return false;
  home.standing.delete(object);
  return true;
}

function giveUp(home: SharedHome, claim: number, object: number, isWhole: boolean): void {
  if (isWhole && !leaveClaim(home, claim, object)) return;
  home.core.dropClaim(claim);
  home.settle();
}

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

/** For who was refused, or found nothing: the reason may be that a thread died. @throws {BrokenError} */
export function assertWhole(home: SharedHome, object: number): void {
  if (home.core.isBrokenObject(object) !== 0) throw new BrokenError();
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
  private readonly address: number;
  /** @internal Who waits by it, if there is only one of it (waits.ts, Y1). */
  readonly waits: WaitList | undefined = undefined;

  /** @internal */
  constructor(home: SharedHome, claim: number) {
    const object = home.core.objectOf(claim);
    this.home = home;
    this.address = object;
    const isWhole = this.isWhole();
    this.claim = isWhole ? joinClaims(home, claim, object) : claim;
    lost.register(this, { home, claim: this.claim, object, isWhole }, this);
    if (isWatched()) noteEntry("handle", this);
  }

  /** Whether it is no end, which would be counted, but stands for all of the primitive (H3). */
  protected isWhole(): boolean {
    return false;
  }

  /** What errors call it: "a sender". */
  protected abstract describe(): string;

  /** @internal The claim. @throws {ClosedHandleError} once it is given up. @throws {ShutdownError} once the runtime is gone (H0). */
  held(): number {
    if (this.claim === 0) throw new ClosedHandleError(this.describe(), this.instead());
    this.home.assertAlive();
    return this.claim;
  }

  /** @internal The object's address. @throws as `held` */
  get object(): number {
    this.held();
    return this.address;
  }

  /** @internal Writes a value for the object (home.ts, O2). Encoding runs the program's code, which may dispose the handle. */
  written(value: unknown, what: string): number {
    this.held();
    this.home.write(value, what);
    if (this.claim === 0) this.home.discard();
    return this.object;
  }

  /** @internal @throws {BrokenError} */
  assertWhole(): void {
    assertWhole(this.home, this.object);
  }

  /** What to do instead of using it after the end. */
  protected instead(): string | undefined {
    return undefined;
  }

  /** @internal The object's address, also when the runtime is gone; 0 once the claim is given up. For clearing up. */
  reachable(): number {
    return this.claim === 0 ? 0 : this.address;
  }

  /** @internal Whether that is its claim still. */
  holds(claim: number): boolean {
    return this.claim === claim;
  }

  protected isHeld(): boolean {
    return this.claim !== 0;
  }

  /** @internal Handles of one object are one thing to a leak check. */
  get censusGroup(): string {
    return `${this.home.id} ${this.address}`;
  }

  /** @internal What it is a handle of. */
  describeForCensus(): string {
    const kind = new Int32Array(this.home.buffer)[(this.address + OBJECT_KIND) >> 2];
    if (kind === KIND_CHANNEL)
      return `shared mpsc channel${queued(this.home.core.queueLengthOf(this.address))}`;
    if (kind === KIND_BROADCAST)
      return `shared broadcast channel${queued(this.home.core.keptIn(this.address))}`;
    if (kind === KIND_ONESHOT) return "shared oneshot channel";
    if (kind === KIND_WATCH) return "shared watch channel";
    return `shared ${this.describe().replace(/^an? /, "")}`;
  }

  /** @internal It has moved to another thread (H2): only the empty claim is left. */
  departed(): void {
    this[Symbol.dispose]();
  }

  /** @internal Gives the claim away: whoever calls this has taken it over. */
  protected surrender(): number {
    const claim = this.held();
    this.claim = 0;
    lost.unregister(this);
    if (isWatched()) forgetEntry("handle", this);
    return claim;
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

  /** Gives the handle up. Harmless when done twice. */
  [Symbol.dispose](): void {
    const claim = this.claim;
    if (claim === 0) return;
    this.claim = 0;
    lost.unregister(this);
    if (isWatched()) forgetEntry("handle", this);
    giveUp(this.home, claim, this.address, this.isWhole());
    if (this.waits?.isEmpty() === false) for (const node of this.waits.takeAll()) node.waker.wake();
  }
}

/** A handle that stands for all of a primitive. */
export abstract class SharedWhole extends SharedHandle {
  protected override isWhole(): boolean {
    return true;
  }
}
