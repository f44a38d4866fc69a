// What the rows of every JavaScript implementation share: taking the time, and checking that the work was done.
//
// A row is an async function: it gets the sizes, does one round, and returns `outcome(…)`. It takes the time itself,
// because setting up and checking stay outside of it.

/** One round's answer: how many operations took how long, and the row's own fields. */
export function outcome(ops, elapsedMs, extra = {}) {
  return { nsPerOp: (elapsedMs * 1e6) / ops, ops, ...extra };
}

/** Fails the round when the work does not add up, so that no row can be fast by leaving work out. */
export function check(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: got ${got}, wanted ${wanted}`);
}

/** 0 + 1 + … + (count - 1). */
export function sumBelow(count) {
  return (count * (count - 1)) / 2;
}
