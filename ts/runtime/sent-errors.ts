// The library's own errors keep their class across threads.

import { DurationError } from "../future/duration.js";
import * as futureErrors from "../future/errors.js";
import { registerError } from "../send/codec.js";
import { SendError } from "../send/errors.js";
import * as runtimeErrors from "./errors.js";
import { JoinError } from "./task/join-error.js";

type ErrorClass = Parameters<typeof registerError>[0];

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && value.prototype instanceof Error;
}

/** Harmless twice. */
export function registerOwnErrors(): void {
  const classes = [
    ...Object.values(futureErrors),
    ...Object.values(runtimeErrors),
    SendError,
    JoinError,
    DurationError,
  ];
  for (const value of classes) if (isErrorClass(value)) registerError(value);
}
