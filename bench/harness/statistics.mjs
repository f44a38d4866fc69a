// Medians and spreads.

/** The value below which the fraction `q` of the sorted values lies, between neighbours in proportion. */
function quantile(sorted, q) {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** Of at least one value. `spread` is (p90 - p10) / median: how far apart the rounds of one run were. */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const range = quantile(sorted, 0.9) - quantile(sorted, 0.1);
  return {
    median,
    min: sorted[0],
    max: sorted.at(-1),
    spread: range === 0 ? 0 : range / median,
    rounds: sorted.length,
  };
}
