// Errors of channels and locks. What could not be delivered comes back with them.

import { describe, type Future, TokiwaError } from "../future/index.js";

/** The value could not be sent: nobody can receive it any more. */
export class SendError<T = unknown> extends TokiwaError {
  /** The value, given back. */
  readonly value: T;
  /** @param why for channels whose receivers come and go. */
  constructor(value: T, why = "channel closed: the receiver was closed or dropped") {
    super(`${why}; the value is in \`error.value\``);
    this.value = value;
  }
}

/** The value could not be sent at once. */
export class TrySendError<T = unknown> extends TokiwaError {
  /** The value, given back. */
  readonly value: T;
  /** The channel has no room now. */
  readonly isFull: boolean;
  /** The receiver was closed or dropped. */
  readonly isClosed: boolean;
  constructor(value: T, isClosed: boolean) {
    super(
      isClosed
        ? "channel closed: the receiver was closed or dropped; the value is in `error.value`"
        : "no available capacity: wait with `send` or `reserve`; the value is in `error.value`",
    );
    this.value = value;
    this.isClosed = isClosed;
    this.isFull = !isClosed;
  }
}

/** No value will come: the senders are gone, and what they sent has been received. */
export class RecvError extends TokiwaError {
  constructor(message = "channel closed: the sender was dropped without sending a value") {
    super(message);
  }
}

/** There is no value to receive at once. */
export class TryRecvError extends TokiwaError {
  /** There may be one later. */
  readonly isEmpty: boolean;
  /** There will never be one. */
  readonly isDisconnected: boolean;
  constructor(isDisconnected: boolean) {
    super(
      isDisconnected
        ? "channel closed: every sender is gone, and every value has been received"
        : "the channel is empty: wait with `recv`",
    );
    this.isDisconnected = isDisconnected;
    this.isEmpty = !isDisconnected;
  }
}

/** A receiver was too slow: values that it had not received were overwritten. It goes on with the oldest that is kept. */
export class LaggedError extends TokiwaError {
  /** How many values it has missed. */
  readonly skipped: number;
  constructor(skipped: number) {
    super(
      `the receiver lagged and missed ${skipped} ${skipped === 1 ? "value" : "values"}: receive again to go on with the oldest ` +
        "that is kept; a larger capacity gives slow receivers more time",
    );
    this.skipped = skipped;
  }
}

/** A handle was used after it had been closed or given away. */
export class ClosedHandleError extends TokiwaError {
  constructor(what: string, instead = "make a `clone()` for each owner") {
    super(`${what} was used after it had been disposed: ${instead}`);
  }
}

/** @param what which permit was used again. */
export function usedPermit(what: string): ClosedHandleError {
  return new ClosedHandleError(what, "it is for one value; reserve room for each");
}

/** Something that is no AbortSignal stood where one is needed. */
export class NotASignalError extends TokiwaError {
  readonly given: unknown;
  constructor(what: string, given: unknown) {
    super(`${what} needs an AbortSignal, and was given ${describe(given)}`);
    this.given = given;
  }
}

/** A `PollSender` was given a value without room for it. */
export class NotReservedError<T = unknown> extends TokiwaError {
  /** The value, given back. */
  readonly value: T;
  constructor(value: T) {
    super(
      "`sendItem` was called without room: poll `pollReserve` until it is ready, once for each value; the value is in `error.value`",
    );
    this.value = value;
  }
}

/** An argument was refused at the call. */
export class SyncArgumentError extends TokiwaError {
  readonly argument: string;
  readonly given: unknown;
  constructor(argument: string, given: unknown, allowed: string) {
    super(`${argument} was given ${describe(given)}, but must be ${allowed}`);
    this.argument = argument;
    this.given = given;
  }
}

/** A region of shared memory was assigned something that it cannot be filled from. */
export class RegionValueError extends TokiwaError {
  readonly given: unknown;
  /** @internal */
  constructor(view: string, length: number, given: unknown) {
    const type = view.startsWith("Big") ? "bigints" : "numbers";
    super(
      `a region of ${length} elements of ${view} cannot be filled from ${describe(given)}: assign an array of at most as many ` +
        `${type}, or change \`value\` in place`,
    );
    this.given = given;
  }
}

/** A capacity was refused. */
export class CapacityError extends TokiwaError {
  readonly given: unknown;
  constructor(what: string, given: unknown, allowed: string) {
    super(`${what} was given ${describe(given)}, but must be ${allowed}`);
    this.given = given;
  }
}

/** The semaphore was closed: it gives no permits any more. */
export class AcquireError extends TokiwaError {
  constructor() {
    super("the semaphore is closed: nobody can acquire its permits any more");
  }
}

/** The permits could not be had at once. */
export class TryAcquireError extends TokiwaError {
  /** The semaphore gives no permits any more. */
  readonly isClosed: boolean;
  /** There are too few free permits now. */
  readonly isNoPermits: boolean;
  constructor(isClosed: boolean) {
    super(
      isClosed
        ? "the semaphore is closed: nobody can acquire its permits any more"
        : "too few permits are free: wait with `acquire`",
    );
    this.isClosed = isClosed;
    this.isNoPermits = !isClosed;
  }
}

/** The lock is held by somebody else. */
export class TryLockError extends TokiwaError {
  constructor(what: string) {
    super(`${what} would have to wait: the lock is held, or promised to somebody who waits for it`);
  }
}

/** The cell has a value, or is about to get one. */
export class SetError<T = unknown> extends TokiwaError {
  /** The value, given back. */
  readonly value: T;
  /** The cell has a value. */
  readonly isAlreadyInitialized: boolean;
  /** Somebody's initialiser runs. */
  readonly isInitializing: boolean;
  constructor(value: T, isInitializing: boolean) {
    super(
      isInitializing
        ? "the cell is being initialized: wait for its value with `getOrInit`; the refused value is in `error.value`"
        : "the cell has a value already, which stays; the refused value is in `error.value`",
    );
    this.value = value;
    this.isInitializing = isInitializing;
    this.isAlreadyInitialized = !isInitializing;
  }
}

/** A guard or permit was used after it had been released or given away. */
export class ReleasedGuardError extends TokiwaError {
  constructor(what: string) {
    super(
      `a ${what} was used after it had been released, mapped, downgraded, merged or forgotten: lock or acquire again`,
    );
  }
}

/** A guard was to replace a value that it only shows. */
export class ReadOnlyGuardError extends TokiwaError {
  constructor(what: string, instead: string) {
    super(`a ${what} cannot replace its value: ${instead}`);
  }
}

/** Permits of one semaphore were to be merged with those of another. */
export class ForeignPermitError extends TokiwaError {
  constructor() {
    super("permits of two different semaphores cannot be merged: keep them apart");
  }
}

/**
 * A thread died in the middle of a change to a shared primitive, which nobody can use any more: by a `Worker.terminate()` that was
 * not its runtime's, which ends threads between such changes.
 */
export class BrokenError extends TokiwaError {
  constructor() {
    super(
      "a thread died while it was changing this shared primitive, which is of no use any more: make a new one",
    );
  }
}

/** The thread that held a shared lock died: the value may be half changed. The lock has been released again, and stays poisoned. */
export class PoisonedError<G = unknown> extends TokiwaError {
  private readonly lockAnyway: () => Future<G>;

  /** @internal */
  constructor(method: string, lockAnyway: () => Future<G>) {
    super(
      `${method} found that the thread of a holder has died, so the value may be half changed: lock it all the same with ` +
        "`yield* error.recover()`, which clears the poison",
    );
    this.lockAnyway = lockAnyway;
  }

  /**
   * Waits for the lock again, as the method that failed would, and clears the poison when it has it. Without this the lock stays
   * poisoned, and free for whoever comes next. Cancel-safe, as the method is.
   *
   * @throws {ClosedHandleError} when the lock's handle has been disposed.
   */
  recover(): Future<G> {
    return this.lockAnyway();
  }
}

/** The memory that threads share has no room for a shared primitive or a value in it. */
export class SharedMemoryFullError extends TokiwaError {
  constructor() {
    super("shared memory is full: receive what is queued, or drop primitives that nobody needs");
  }
}
