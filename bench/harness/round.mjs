// What the rows of every JavaScript implementation share: taking the time, and checking that the work was done.
//
// A row is an async function: it gets the sizes, does one round, and returns `outcome(…)`. It takes the time itself,
// because setting up and checking stay outside of it.

/** One round's answer: how many operations took how long, and the row's own fields. */
export function outcome(ops, elapsedMs, extra = {}) {
  return { nsPerOp: (elapsedMs * 1e6) / ops, ops, ...extra };
}

/**
 * One round's answer of a row that measures several things, one after another: what an operation of each took.
 *
 * @param measured of each part its field in the answer, how many operations, and how many milliseconds they took.
 */
export function parts(measured) {
  const total = { ops: 0, elapsedMs: 0 };
  const each = {};
  for (const [field, ops, elapsedMs] of measured) {
    total.ops += ops;
    total.elapsedMs += elapsedMs;
    each[field] = (elapsedMs * 1e6) / ops;
  }
  return outcome(total.ops, total.elapsedMs, each);
}

/** Fails the round when the work does not add up, so that no row can be fast by leaving work out. */
export function check(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: got ${got}, wanted ${wanted}`);
}

/** One round's answer of a row with a pause before each operation: the middle of what they took, and the 99th percentile. */
export function latencies(samplesMs) {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] * 1e6;
  const total = sorted.reduce((sum, ms) => sum + ms, 0);
  return outcome(sorted.length, total, { medianNs: at(0.5), p99Ns: at(0.99) });
}

/** One round's answer of a row that does the same work in order first: how many times as fast, and that by the workers. */
export function speedUp(ops, sequentialMs, parallelMs, workers) {
  const times = sequentialMs / parallelMs;
  return outcome(ops, parallelMs, {
    speedUp: times,
    percentOfIdeal: (100 * times) / workers,
    sequentialMs,
  });
}

/** 0 + 1 + … + (count - 1). */
export function sumBelow(count) {
  return (count * (count - 1)) / 2;
}
