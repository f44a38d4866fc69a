// Owned values: what belongs to whoever has it, and goes with them.
//
// Rust drops a value that nobody gets. A value of JavaScript may be in use elsewhere, so only those are disposed of that have
// one holder by nature, and carry the mark: guards, permits, ends of channels.

import { dropAll } from "./drop.js";

/** A value that is disposed of when nobody will ever get it. Its class has `get "~owned"(): true`: no instance carries the mark. */
export interface Owned extends Disposable {
  readonly "~owned": true;
}

function isOwned(value: unknown): value is Owned {
  return typeof value === "object" && value !== null && "~owned" in value;
}

/** What a tuple or a record has in it, as a `join` and a message are; of anything else nothing. */
function partsOf(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value;
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : [];
}

/** What is to be disposed of with a value: itself if it is owned, else what is owned right inside of an array or a plain object. */
export function ownedIn(value: unknown): readonly Owned[] {
  return isOwned(value) ? [value] : partsOf(value).filter(isOwned);
}

/**
 * Drops a value that nobody will ever get: disposes of what is owned of it. Anything else is left to the garbage collector.
 *
 * @throws the first error that a disposal throws, when all have been made.
 */
export function dropOwned(value: unknown): void {
  dropAll(ownedIn(value));
}
