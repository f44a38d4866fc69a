// Errors of channels. What could not be delivered comes back with them.

import { TokiwaError } from "../future/index.js";

/** The value could not be sent: nobody can receive it any more. */
export class SendError<T = unknown> extends TokiwaError {
  /** The value, given back. */
  readonly value: T;
  constructor(value: T) {
    super("channel closed: the receiver was closed or dropped; the value is in `error.value`");
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

/** The sender was dropped without having sent. */
export class RecvError extends TokiwaError {
  constructor() {
    super("channel closed: the sender was dropped without sending a value");
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

/** A handle was used after it had been closed or given away. */
export class ClosedHandleError extends TokiwaError {
  constructor(what: string) {
    super(`${what} was used after it had been disposed: make a \`clone()\` for each owner`);
  }
}

/** A capacity was refused. */
export class CapacityError extends TokiwaError {
  readonly given: unknown;
  constructor(what: string, given: unknown, allowed: string) {
    super(`${what} was given ${String(given)}, but must be ${allowed}`);
    this.given = given;
  }
}
