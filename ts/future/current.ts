// The context of the poll that is under way on this thread. `yield*` has no way to pass one, so whoever polls a coroutine
// leaves it here. A module variable and no AsyncLocalStorage: a poll is synchronous from its start to its end.

import type { Context } from "./waker.js";

let current: Context | undefined;
/** Drops under way, one inside the other, and how often each has refused to wait; the innermost is the last. */
const refusals: number[] = [];
/** Told of the futures that coroutines stop at, for reports. */
let note: ((future: object | undefined) => void) | undefined;
/** The last of them. */
let noted: object | undefined;
/** Neither noting nor dropping: the one thing that a suspension looks at. */
let plain = true;

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
  plain = false;
}

export function endDropping(): void {
  refusals.pop();
  plain = refusals.length === 0 && note === undefined;
}

/** Whether a suspension is one like any other: nothing is being dropped, and nobody wants to know where. */
export function isPlain(): boolean {
  return plain;
}

/**
 * From here on `next` is told of each future that a coroutine stops at, and {@link takeStop} gives it. Only while somebody asks
 * for it: storing a young object into a variable of a module at every poll costs as much as a good part of the poll.
 *
 * @returns what was told before, to be put back.
 */
export function replaceNoting(next: typeof note): typeof note {
  const previous = note;
  note = next;
  plain = refusals.length === 0 && note === undefined;
  return previous;
}

export function isNoting(): boolean {
  return note !== undefined;
}

/** A coroutine stops at `future`, and somebody wants to know. */
export function noteStop(future: object | undefined): void {
  noted = future;
  note?.(future);
}

/** What the coroutine that has just been polled has stopped at, if it said so. */
export function takeStop(): object | undefined {
  const future = noted;
  noted = undefined;
  return future;
}

/** Something wants to wait while a coroutine is dropped; false when it has insisted too often to be refused once more. */
export function refuseToWait(): boolean {
  const innermost = refusals.length - 1;
  const count = (refusals[innermost] ?? 0) + 1;
  refusals[innermost] = count;
  return count <= MOST_REFUSALS;
}
