// What arguments are checked for at the call.

import { CapacityError, SyncArgumentError } from "./errors.js";

/** Tokio's figure for 32 bits: of permits, of readers, of room in a channel. They stay small integers, which engines keep unboxed. */
export const MAX_PERMITS: number = 2 ** 29 - 1;

/** What the functions of `map` and `tryMap` are to be. */
export const PROJECTION = "a function that finds the part, for example `(value) => value.part`";

/** @throws {SyncArgumentError} unless `value` is a function. */
export function checkFunction(argument: string, value: unknown, allowed = "a function"): void {
  if (typeof value !== "function") throw new SyncArgumentError(argument, value, allowed);
}

/** @throws {SyncArgumentError} unless `value` is an object. */
export function checkOptions(argument: string, value: unknown, allowed: string): void {
  if (typeof value !== "object" || value === null)
    throw new SyncArgumentError(argument, value, allowed);
}

/**
 * A whole number within bounds.
 *
 * @param note says more of the upper bound. @throws {CapacityError}
 */
export function checkWhole(
  what: string,
  value: number,
  least: number,
  most: number,
  note = "",
): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new CapacityError(what, value, `a whole number from ${least} to ${most}${note}`);
}

/** How many values to receive at most. @throws {CapacityError} */
export function checkLimit(call: string, limit: number): void {
  if (!Number.isInteger(limit) || limit < 0)
    throw new CapacityError(`${call}(limit)`, limit, "a whole number that is not negative");
}
