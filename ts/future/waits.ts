// What waits are called in reports of deadlocks.

import { Future } from "./future.js";

/** How many of several waits a report names. */
const MOST_NAMED = 4;

/**
 * What waiting for `future` is called: its own words, or its class.
 *
 * @param future what was polled and is pending; whatever was waited with, if it is no future.
 */
export function describeWait(future: object): string {
  const own = future instanceof Future ? future.waitsFor() : undefined;
  if (own !== undefined) return own;
  const name = future.constructor?.name;
  return name ? `a future of class ${name}` : "a future without a name";
}

/** Several waits at once: `any of (a: mpsc recv(); b: a sleep)`. */
export function describeWaits(how: "all" | "any", waits: readonly string[]): string {
  if (waits.length === 1) return waits[0] as string;
  const named = waits.slice(0, MOST_NAMED);
  if (waits.length > MOST_NAMED) named.push(`${waits.length - MOST_NAMED} more`);
  return `${how} of (${named.join("; ")})`;
}
