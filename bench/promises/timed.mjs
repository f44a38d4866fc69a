// Taking the time of an async function.

/** Runs an async function; how long that took, and what it returned. */
export async function timed(program, ...args) {
  const start = performance.now();
  const value = await program(...args);
  return { elapsed: performance.now() - start, value };
}

export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
