// A memory that several threads share, as shared primitives see it from one of those threads. The runtime provides it.
//
// O1  Whatever may have woken something is followed by `settle`: wakers of this thread that are no tasks of the memory are called
//     there, and an event loop that is asleep is told. It comes last: such a waker may poll at once, and use whatever of the core is this
//     thread's own. While a value is being encoded or decoded nothing is called; that is made good when it has been.
// O2  A value is written before the operation that publishes it; one that was not published is given back with `discard`.

import type { Waker } from "../../future/index.js";
import type { Lender } from "../lost.js";
import type { SyncCore } from "./core.js";

/** A handle, as far as the home needs it. */
export interface Carried {
  /** Its claim. @throws {ClosedHandleError} once it has been given up. */
  held(): number;
  /** Whether that is its claim still. */
  holds(claim: number): boolean;
  /** It has moved to another thread. */
  departed(): void;
}

/** How a handle is written into a value. */
export interface SentHandle {
  /** Names the memory; what else is needed to reach it, for a thread that may not know it. */
  readonly memory: unknown;
  readonly claim: number;
  /** Who reads it lets go of the claim: nobody else will. */
  readonly letGo: boolean;
}

/** A receiver that takes note of many values at once. */
export interface Leaseholder {
  /** What it has used leaves the queue. */
  settle(): void;
}

/** A claim, and how many handles stand on it. */
export interface Standing {
  readonly claim: number;
  handles: number;
}

/** What came of reading a value that cannot be read. */
export interface Unreadable {
  readonly error: unknown;
}

export interface SharedHome {
  readonly core: SyncCore;
  /** Names the memory in this process. */
  readonly id: string;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  readonly buffer: ArrayBufferLike;

  /** Whether the runtime of this memory has not been shut down. */
  isAlive(): boolean;
  /** @throws {ShutdownError} once it has. */
  assertAlive(): void;

  // Wakers. `place` leaves what stands for a waker in `slot` and `generation`, to be passed to the core.
  readonly slot: number;
  readonly generation: number;
  place(waker: Waker): void;
  /** A slot that stands for this thread and no waker yet. */
  thisThread(): number;
  /** The waker that was placed with this name will not be called any more. Names of tasks are no concern. */
  forget(slot: number, generation: number): void;
  settle(): void;

  // Values. `write` leaves how it is written in `outcome` and `number`.
  readonly outcome: number;
  readonly number: number;
  /** @throws {SendError} when the value cannot be sent, or not as bytes of at most a megabyte. */
  write(value: unknown, what: string): void;
  /** Gives back what `write` made, when nobody took it. */
  discard(): void;
  /** The value of an outcome and what the core left as its result. */
  read(outcome: number): unknown;
  readAt(outcome: number, number: number): unknown;
  /** The number of the last result, and the version and stamp behind it. */
  result(): number;
  resultVersion(): number;
  resultStamp(): number;
  /**
   * Puts the `count` values that `receiveMany` or `lease` gave into `into`, from index `from` on. Those that cannot be read are left
   * out, and the first of their errors is returned.
   */
  readBatch(count: number, into: unknown[], from: number): Unreadable | undefined;

  /** Receivers of this thread that have used values of a lease and not said so; at the latest the driver's turn has them say it. */
  readonly leases: Set<Leaseholder>;
  settleLeases(): void;
  /** The claims by which this thread's handles of primitives without ends stand, by the object's address: handle.ts, H3. */
  readonly standing: Map<number, Standing>;
  /** Who watches this thread's guards, by what they are called: guards.ts. */
  readonly lenders: Record<string, Lender>;
  /** Whether other threads use this memory. */
  isShared(): boolean;
  /** A handle is written into a value. */
  carry(handle: Carried): SentHandle;
}

let find: (() => SharedHome) | undefined;
let used = false;

/** A runtime that is loaded says where shared primitives are made. */
export function setHomeFinder(finder: () => SharedHome): void {
  find = finder;
}

/** The memory of the runtime that this code runs in; outside of every runtime one of the process. */
export function currentHome(): SharedHome {
  if (find === undefined)
    throw new Error("shared primitives need a runtime: import something from tokiwa first");
  used = true;
  return find();
}

let destination: SharedHome | undefined;

/** What is encoded from here on goes into this memory. Returns the one before. */
export function setDestinationHome(home: SharedHome | undefined): SharedHome | undefined {
  const before = destination;
  destination = home;
  return before;
}

/** Where a primitive is best made that is part of the value being encoded. */
export function destinationHome(): SharedHome {
  used = true;
  return destination ?? currentHome();
}

/** Whether a shared primitive was ever made on this thread. */
export function isSharingInUse(): boolean {
  return used;
}
