// Handles that a value takes along to another thread. While the value is encoded each of them leaves a traveller here; whoever had it
// encoded then says that it stays, or that it leaves; and of one that has left, that it has arrived where others find it, or that it
// came back because nobody took it.

export interface Traveller {
  /** The id of the memory that its handle is of. */
  readonly memory: string;
  /** The value is about to be published. `attach` ties a claim to it if it goes into the memory with this id. */
  leave(memory: string, attach: (claim: number) => void): void;
  /** It is published. */
  arrived(): void;
  /** It was not, and nobody has seen it. */
  cameBack(): void;
  /** The value is not sent at all; or it is of no use any more, and was not attached to anything. */
  stay(): void;
}

let destination: string | undefined;
let readOnce = false;
let travellers: Traveller[] = [];

/**
 * Values that are encoded from here on go into the memory with this id.
 *
 * @param once each of them is read exactly once, so that its reader lets go of travellers of other memories.
 */
export function setDestination(memory: string | undefined, once = false): void {
  destination = memory;
  readOnce = once;
}

export function isReadOnce(): boolean {
  return readOnce;
}

/** Whether every thread that could read the value knows this memory. */
export function isGoingTo(memory: string): boolean {
  return destination === memory;
}

export function addTraveller(traveller: Traveller): void {
  travellers.push(traveller);
}

export function hasTravellers(): boolean {
  return travellers.length > 0;
}

/** Those of the value that was encoded last. */
export function takeTravellers(): readonly Traveller[] {
  const taken = travellers;
  travellers = [];
  return taken;
}

/** Nothing of what was encoded goes anywhere. */
export function keepTravellers(): void {
  if (travellers.length > 0) for (const traveller of takeTravellers()) traveller.stay();
}

let landed: Disposable[] = [];

/** An end of a channel has been made of what was decoded. */
export function addLanded(handle: Disposable): void {
  landed.push(handle);
}

/** Those that have been made since the last call: they belong to whom the value was decoded for. */
export function takeLanded(): readonly Disposable[] | undefined {
  if (landed.length === 0) return undefined;
  const taken = landed;
  landed = [];
  return taken;
}
