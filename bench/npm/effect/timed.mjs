// Taking the time of an effect.

import { Effect } from "effect";

/** Runs an effect; how long that took, and what it gave. */
export async function timed(effect) {
  const start = performance.now();
  const value = await Effect.runPromise(effect);
  return { elapsed: performance.now() - start, value };
}

export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
