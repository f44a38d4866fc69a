// What is thrown when a value cannot cross threads.

import { TokiwaError } from "../future/index.js";

/** A value cannot be sent to another thread. The message says which, why, and what to send instead. */
export class SendError extends TokiwaError {
  /** Where the value was found: `arguments[0].onDone`. */
  readonly path: string;
  /** The value that cannot be sent. */
  readonly given: unknown;
  constructor(path: string, given: unknown, reason: string, options?: ErrorOptions) {
    super(`${path} ${reason}`, options);
    this.path = path;
    this.given = given;
  }
}

/** Bytes that nobody encoded: cut short, changed on the way, or made by another version. */
export class MalformedError extends SendError {
  constructor(detail: string, options?: ErrorOptions) {
    super("a message", undefined, `from another thread cannot be read: ${detail}`, options);
    this.name = "SendError";
  }
}
