// Runs rows, round by round: the first round of every implementation, then the second of every one, and so on, so that
// whatever else the machine does falls on all of them alike.

import { IMPLEMENTATIONS } from "./implementations.mjs";
import { summarize } from "./statistics.mjs";

/** One implementation of one row: its process, and what its rounds answered. */
class Contestant {
  constructor(implementation, row, peerRow, parameters) {
    this.implementation = implementation;
    this.fresh = row.fresh === true;
    this.row = peerRow;
    this.parameters = parameters;
    this.answers = [];
    this.versions = {};
    this.child = undefined;
    this.error = undefined;
  }

  async round() {
    if (this.error !== undefined) return;
    try {
      if (this.child === undefined) await this.start();
      this.answers.push(await this.child.ask(this.row, this.parameters));
    } catch (error) {
      this.error = error.message;
    }
    if (this.fresh || this.error !== undefined) this.end();
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

/** The parameters of a row, with those of `sizes` that it has. */
function withSizes(parameters, sizes = {}) {
  const known = Object.entries(sizes).filter(([key]) => key in parameters);
  return { ...parameters, ...Object.fromEntries(known) };
}

/** What a row found: for each implementation its answers, or the error that ended it. */
export async function measureRow(row, { missing, rounds, sizes, onRound }) {
  const parameters = withSizes(row.parameters, sizes);
  const contestants = Object.entries({ tokiwa: row.name, ...row.peers })
    .filter(([name]) => !missing.has(name))
    .map(([name, peerRow]) => new Contestant(name, row, peerRow, parameters));
  const count = Math.min(rounds, row.rounds ?? rounds);
  try {
    for (let round = 0; round < count; round++) {
      for (const contestant of contestants) {
        onRound(round + 1, count, contestant.implementation);
        await contestant.round();
      }
    }
  } finally {
    for (const contestant of contestants) contestant.end();
  }
  return { row, parameters, contestants };
}

/** The first round is a warm-up; a row of one round has nothing else to show. In a new process there is no warm-up. */
function counted(contestant) {
  const { answers, fresh } = contestant;
  return fresh || answers.length < 2 ? answers : answers.slice(1);
}

/** The figures of a row as plain data: medians, ratios to each peer, verdicts on the goals. */
export function evaluate({ row, parameters, contestants }) {
  return {
    row: row.name,
    work: row.work,
    parameters,
    errors: Object.fromEntries(
      contestants.filter(({ error }) => error).map((c) => [c.implementation, c.error]),
    ),
    figures: row.figures.map((figure) => evaluateFigure(figure, contestants)),
  };
}

function evaluateFigure({ field, unit, label, goals = [] }, contestants) {
  const results = {};
  for (const contestant of contestants) {
    const values = counted(contestant)
      .map((answer) => answer[field])
      .filter((value) => typeof value === "number");
    if (values.length > 0) results[contestant.implementation] = summarize(values);
  }
  const ratios = {};
  for (const [name, { median }] of Object.entries(results))
    if (name !== "tokiwa" && results.tokiwa && median > 0)
      ratios[name] = results.tokiwa.median / median;
  return {
    field,
    unit,
    label,
    results,
    ratios,
    goals: goals.map((goal) => ({ ...goal, verdict: verdict(goal, results, ratios) })),
  };
}

/** "met", "behind", or "unknown" when one of the two was not measured. */
function verdict({ peer, atMost }, results, ratios) {
  const value = peer === undefined ? results.tokiwa?.median : ratios[peer];
  if (value === undefined) return "unknown";
  return value <= atMost ? "met" : "behind";
}
