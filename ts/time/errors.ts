// Errors of delay queues. Those of durations are in future/duration.ts, that of timeouts in timeout.ts.

import { describe, TokiwaError } from "../future/index.js";

/** A key names no entry: its entry has expired or was removed, or it is the key of another queue. */
export class UnknownKeyError extends TokiwaError {
  readonly given: unknown;
  constructor(method: string, given: unknown) {
    super(
      `${method} was given ${describe(given)}, which names no entry: it has expired or was removed. ` +
        "Use `tryRemove(key)` for an entry that may be gone.",
    );
    this.given = given;
  }
}

/** A deadline lies further ahead than a delay queue takes. */
export class DeadlineTooFarError extends TokiwaError {
  readonly argument: string;
  readonly given: unknown;
  constructor(argument: string, given: unknown) {
    super(`${argument} was given ${describe(given)}, but must lie less than 30 years ahead`);
    this.argument = argument;
    this.given = given;
  }
}
