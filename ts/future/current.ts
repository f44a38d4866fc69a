// The context of the poll that is under way on this thread. `yield*` has no way to pass one, so whoever polls a coroutine
// leaves it here. A module variable and no AsyncLocalStorage: a poll is synchronous from its start to its end.

import type { Context } from "./waker.js";

let current: Context | undefined;
/** Drops under way, one inside the other, and how often each has refused to wait; the innermost is the last. */
const refusals: number[] = [];

/** The context of the poll under way, or undefined outside of every poll. */
export function currentContext(): Context | undefined {
  return current;
}

/**
 * What an executor passes to a generator's `next`. `yield*` hands it on to the iterator inside, whose first call gets
 * undefined: so an iterator can tell its first step from a later one without keeping any state.
 */
export const RESUME = 1;

/** Leaves a context for the coroutines polled from here on; returns the one that was there, to be put back. */
export function replaceContext(context: Context | undefined): Context | undefined {
  const previous = current;
  current = context;
  return previous;
}

/** How often the clean-up of a coroutine is refused before the coroutine is left behind. */
const MOST_REFUSALS = 16;

/** Whether a coroutine is being dropped, so that nothing may wait. */
export function isDropping(): boolean {
  return refusals.length > 0;
}

export function beginDropping(): void {
  refusals.push(0);
}

export function endDropping(): void {
  refusals.pop();
}

/** Something wants to wait while a coroutine is dropped; false when it has insisted too often to be refused once more. */
export function refuseToWait(): boolean {
  const innermost = refusals.length - 1;
  const count = (refusals[innermost] ?? 0) + 1;
  refusals[innermost] = count;
  return count <= MOST_REFUSALS;
}
