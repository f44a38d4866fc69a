// Where fairness draws its random numbers from. A runtime puts its own seeded stream here while it polls; outside of every
// runtime it is the host's generator.

/** Draws an integer in [0, bound). */
export type RandomBelow = (bound: number) => number;

const hostRandom: RandomBelow = (bound) => Math.floor(Math.random() * bound);

let source: RandomBelow = hostRandom;

export function randomBelow(bound: number): number {
  return source(bound);
}

/** Sets the source; returns the one that was there, to be put back. */
export function replaceRandom(next: RandomBelow | undefined): RandomBelow {
  const previous = source;
  source = next ?? hostRandom;
  return previous;
}
