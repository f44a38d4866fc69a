// Durations: milliseconds, or an object with the fields of a Temporal.Duration.

import { describe, TokiwaError } from "./errors.js";

/** What a `Temporal.Duration` has, in any selection. */
export interface DurationLike {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
  readonly microseconds?: number;
  readonly nanoseconds?: number;
}

/** Milliseconds, or a duration with fields. */
export type Duration = number | DurationLike;

/** A duration was negative, not a number, or of a length that has no milliseconds. */
export class DurationError extends TokiwaError {
  readonly argument: string;
  readonly given: unknown;
  /** @param allowed which numbers it may be. */
  constructor(argument: string, given: unknown, allowed = "not negative") {
    super(
      `${argument} was given ${describe(given)}, but must be a number of milliseconds that is ${allowed}, ` +
        "or an object with days, hours, minutes, seconds, milliseconds, microseconds or nanoseconds",
    );
    this.argument = argument;
    this.given = given;
  }
}

/** Longer waits than this are cut to it, as Tokio does: about 30 years. */
export const FAR_FUTURE_MS: number = 30 * 365 * 86_400_000;

const UNITS: readonly (readonly [keyof DurationLike, number])[] = [
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1_000],
  ["milliseconds", 1],
  ["microseconds", 1e-3],
  ["nanoseconds", 1e-6],
];

function fieldsToMillis(duration: DurationLike, argument: string): number {
  const calendar = duration as { years?: number; months?: number; weeks?: number };
  let total = 0;
  let known = false;
  for (const [unit, factor] of UNITS) {
    const amount = duration[unit];
    if (amount === undefined) continue;
    known = true;
    total += amount * factor;
  }
  if (!known || calendar.years || calendar.months || calendar.weeks || !(total >= 0))
    throw new DurationError(argument, duration);
  return Math.min(total, FAR_FUTURE_MS);
}

/**
 * @param argument names the place in the error's message, for example `sleep(duration)`.
 * @returns milliseconds, at most {@link FAR_FUTURE_MS}.
 * @throws {DurationError} for a negative duration, NaN, and what is no duration.
 */
export function toMillis(duration: Duration, argument: string): number {
  if (typeof duration === "number") {
    if (duration >= 0) return duration < FAR_FUTURE_MS ? duration : FAR_FUTURE_MS;
    throw new DurationError(argument, duration);
  }
  if (typeof duration !== "object" || duration === null)
    throw new DurationError(argument, duration);
  return fieldsToMillis(duration, argument);
}
