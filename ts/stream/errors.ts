// Errors of streams.

import { describe, TokiwaError } from "../future/index.js";

/** An item was undefined, which is how a stream says that it has ended. */
export class UndefinedItemError extends TokiwaError {
  constructor(what: string) {
    super(
      `${what} gave undefined as an item, which would end the stream: give null instead; ` +
        "to end the stream use `mapWhile`, to leave an item out use `filterMap`",
    );
  }
}

/** A stream of Node was destroyed before its end. */
export class PrematureCloseError extends TokiwaError {
  constructor(what: string) {
    super(`${what} was closed before its end: somebody destroyed it without an error`);
  }
}

/** The sink was closed before the stream had ended. */
export class ClosedSinkError extends TokiwaError {
  constructor() {
    super("the writable was closed before the stream had ended: nothing more can be written to it");
  }
}

/** The pipe was dropped. */
export class PipeDroppedError extends TokiwaError {
  constructor() {
    super("the pipe into this writable was dropped before the stream had ended");
  }
}

/** An argument of a stream's method was refused. */
export class StreamArgumentError extends TokiwaError {
  readonly argument: string;
  readonly given: unknown;
  constructor(argument: string, given: unknown, allowed: string) {
    super(`${argument} was given ${describe(given)}, but must be ${allowed}`);
    this.argument = argument;
    this.given = given;
  }
}

/** @throws {StreamArgumentError} unless `value` is a whole number from `least` on. */
export function checkCount(argument: string, value: number, least: number): void {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= least)) return;
  throw new StreamArgumentError(argument, value, `a whole number from ${least} on`);
}

/** @throws {StreamArgumentError} unless `value` is a function. */
export function checkFunction(argument: string, value: unknown): void {
  if (typeof value !== "function") throw new StreamArgumentError(argument, value, "a function");
}
