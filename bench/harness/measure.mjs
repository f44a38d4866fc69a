// Runs rows, round by round: the first round of every implementation, then the second of every one, and so on, so that
// whatever else the machine does falls on all of them alike.
//
// The first round warms up and does not count. It is repeated until half a second has gone by: rounds are short, and a just
// in time compiler has seen little after one of them.

import { IMPLEMENTATIONS } from "./implementations.mjs";
import { summarize } from "./statistics.mjs";
import { calibrate } from "./work.mjs";

/** One implementation of one row: its process, and what its rounds answered. */
class Contestant {
  constructor(implementation, row, peerRow, parameters) {
    this.implementation = implementation;
    this.fresh = row.fresh === true;
    this.row = peerRow;
    this.parameters = parameters;
    this.answers = [];
    this.isWarm = false;
    this.versions = {};
    this.child = undefined;
    this.error = undefined;
  }

  async round(warmUpMs) {
    if (this.error !== undefined) return;
    try {
      if (this.child === undefined) await this.start();
      if (this.fresh || this.isWarm) this.answers.push(await this.ask());
      else await this.warmUp(warmUpMs);
    } catch (error) {
      this.error = error.message;
    }
    if (this.fresh || this.error !== undefined) this.end();
  }

  ask() {
    return this.child.ask(this.row, this.parameters);
  }

  async warmUp(ms) {
    const end = performance.now() + ms;
    do await this.ask();
    while (performance.now() < end);
    this.isWarm = true;
  }

  async start() {
    this.child = IMPLEMENTATIONS[this.implementation].start();
    const { ready, ...versions } = await this.child.greeting();
    this.versions = versions;
  }

  end() {
    this.child?.end();
    this.child = undefined;
  }
}

/** The parameters of a row, with those of `sizes` that it has. Work is as long on every machine: `loops_per_us` is measured. */
function withSizes(parameters, sizes = {}) {
  const known = Object.entries(sizes).filter(([key]) => key in parameters);
  const measured = "loops_per_us" in parameters ? { loops_per_us: calibrate() } : {};
  return { ...parameters, ...measured, ...Object.fromEntries(known) };
}

/** What a row found: for each implementation its answers, or the error that ended it. */
export async function measureRow(row, { missing, rounds, warmUpMs, sizes, onRound }) {
  const parameters = withSizes(row.parameters, sizes);
  const sizesOf = (name) => withSizes({ ...row.parameters, ...row.fewer?.[name] }, sizes);
  const contestants = Object.entries({ tokiwa: row.name, ...row.peers })
    .filter(([name]) => !missing.has(name))
    .map(([name, peerRow]) => new Contestant(name, row, peerRow, sizesOf(name)));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const contestant of contestants) {
        onRound(round + 1, rounds, contestant.implementation);
        await contestant.round(warmUpMs);
      }
    }
  } finally {
    for (const contestant of contestants) contestant.end();
  }
  return { row, parameters, contestants };
}

/** The figures of a row as plain data: medians, ratios to each peer, verdicts on the goals. */
export function evaluate({ row, parameters, contestants }) {
  return {
    row: row.name,
    threads: row.threads === true,
    work: row.work,
    parameters,
    errors: Object.fromEntries(
      contestants.filter(({ error }) => error).map((c) => [c.implementation, c.error]),
    ),
    figures: row.figures.map((figure) => evaluateFigure(figure, parameters, contestants)),
  };
}

function evaluateFigure({ field, of, unit, label, more, goals = [] }, parameters, contestants) {
  const read = (answer) => (of ? of(answer, parameters) : answer[field]);
  const results = {};
  for (const contestant of contestants) {
    const values = contestant.answers.map(read).filter((value) => Number.isFinite(value));
    if (values.length > 0) results[contestant.implementation] = summarize(values);
  }
  const ratios = {};
  for (const [name, { median }] of Object.entries(results))
    if (name !== "tokiwa" && results.tokiwa?.median > 0 && median > 0)
      ratios[name] = more ? median / results.tokiwa.median : results.tokiwa.median / median;
  return {
    field,
    unit,
    label,
    more: more === true,
    results,
    ratios,
    goals: goals.map((goal) => ({ ...goal, verdict: verdict(goal, results, ratios) })),
  };
}

/** "met", "behind", or "unknown" when one of the two was not measured. */
function verdict({ peer, atMost, atLeast }, results, ratios) {
  const value = peer === undefined ? results.tokiwa?.median : ratios[peer];
  if (value === undefined) return "unknown";
  return value <= atMost || value >= atLeast ? "met" : "behind";
}
