// What is outstanding on this thread: wakers in lists, guards, handles of shared memory, what the host was asked for. For leak checks.
//
// N1  Nothing is noted unless somebody watches: else the paths of waits, locks and handles read one number here, and that is all.
// N2  An entry stands under the thing itself from when it begins to be outstanding until it is not. What began before anybody
//     watched has none, so what existed before a check never counts.
// N3  An entry knows where it was made: on which runtime, by which task. It counts for that runtime alone.
// N4  Entries hold what they are about, so the collector finds nothing of it while somebody watches: what was lost without being
//     given back is found every time, and not only until the next collection.

import { describeWait } from "./waits.js";

/** A waker in a list, a guard or permit, a handle in shared memory, a timer, something of the host's that is waited for. */
export type EntryKind = "waker" | "guard" | "handle" | "timer" | "outside";

/** A task, as far as an entry needs it. */
export interface EntryTask {
  readonly id: number;
  isFinished(): boolean;
  describe(): string | undefined;
}

/** Where an entry was made. */
export interface EntryPlace {
  readonly runtime: object;
  readonly task: EntryTask | undefined;
}

export interface Entry {
  readonly kind: EntryKind;
  readonly thing: object;
  /** What it is called; where it is missing the thing says so itself, see {@link describeEntry}. */
  readonly what: string | undefined;
  readonly place: EntryPlace;
  /** Counts entries, so that those which are younger than something can be told. */
  readonly serial: number;
}

/** Something that has words of its own for the census. */
export interface Counted {
  /** What it belongs to: of several entries with one group only the first is told of. */
  readonly censusGroup?: unknown;
  /** Whether it still is, where nobody says so when it ends: a timer fires without a call. */
  isOutstanding?(): boolean;
  describeForCensus(): string;
}

let watchers = 0;
let lastSerial = 0;
let findPlace: (() => EntryPlace | undefined) | undefined;
const entries: Record<EntryKind, Map<object, Entry>> = {
  waker: new Map(),
  guard: new Map(),
  handle: new Map(),
  timer: new Map(),
  outside: new Map(),
};

/** A runtime that is loaded says where code runs. */
export function setPlaceFinder(finder: () => EntryPlace | undefined): void {
  findPlace = finder;
}

/** Whether {@link noteEntry} has any effect. */
export function isWatched(): boolean {
  return watchers > 0;
}

/** Entries are made from here on, until as many calls of {@link endWatch}. Returns the serial that all of them will be above. */
export function beginWatch(): number {
  watchers += 1;
  return lastSerial;
}

export function endWatch(): void {
  watchers -= 1;
  if (watchers > 0) return;
  for (const map of Object.values(entries)) map.clear();
}

/** `thing` is outstanding. Harmless for one that is already; nothing that belongs to no runtime is noted. */
export function noteEntry(kind: EntryKind, thing: object, what?: string): void {
  if (entries[kind].has(thing)) return;
  const place = findPlace?.();
  if (place === undefined) return;
  lastSerial += 1;
  entries[kind].set(thing, { kind, thing, what, place, serial: lastSerial });
}

/** It is not any more. Harmless for one that has no entry. */
export function forgetEntry(kind: EntryKind, thing: object): void {
  entries[kind].delete(thing);
}

/** Entries of a runtime that are younger than a serial, in the order in which they were made. */
export function entriesSince(kind: EntryKind, runtime: object, serial: number): Entry[] {
  const isMeant = ({ thing, place, serial: made }: Entry): boolean =>
    made > serial &&
    place.runtime === runtime &&
    (thing as Partial<Counted>).isOutstanding?.() !== false;
  return [...entries[kind].values()].filter(isMeant);
}

function isCounted(thing: object): thing is Counted {
  return typeof (thing as Partial<Counted>).describeForCensus === "function";
}

/** What an entry is about, in words. */
export function describeEntry({ thing, what }: Entry): string {
  if (isCounted(thing)) return thing.describeForCensus();
  return what ?? describeWait(thing);
}

/** What an entry belongs to: itself, unless the thing says otherwise. */
export function groupOf({ thing }: Entry): unknown {
  return (isCounted(thing) ? thing.censusGroup : undefined) ?? thing;
}
