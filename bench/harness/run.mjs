// A whole run: makes the implementations ready, measures the rows, and gathers the report.

import { prepareAll } from "./implementations.mjs";
import { describeMachine } from "./machine.mjs";
import { evaluate, measureRow } from "./measure.mjs";

function implementationsOf(rows) {
  return [...new Set(rows.flatMap(({ peers }) => Object.keys(peers)))];
}

/** @param progress is told what is going on. */
export async function runBenchmarks(options, progress) {
  const { rows, rounds, warmUpMs, quick, sizes, without } = options;
  const missing = prepareAll(implementationsOf(rows), without);
  const results = [];
  const versions = {};
  for (const [index, row] of rows.entries()) {
    progress.row(row.name, index + 1, rows.length);
    const measured = await measureRow(row, {
      missing,
      rounds: Math.min(rounds, (quick ? row.quickRounds : row.rounds) ?? row.rounds ?? rounds),
      warmUpMs,
      sizes: quick ? { ...row.quick, ...sizes } : sizes,
      onRound: progress.round,
    });
    for (const contestant of measured.contestants) Object.assign(versions, contestant.versions);
    results.push(evaluate(measured));
  }
  progress.end();
  const machine = describeMachine(versions);
  return { machine, quick, rounds, missing: Object.fromEntries(missing), results };
}

/** Which row and round it is: on a terminal one line that changes, elsewhere a line for each row. */
export function makeProgress(stream) {
  let place = "";
  const show = (text) => stream.write(`\r\u001b[2K${text}`);
  if (!stream.isTTY)
    return {
      row: (name, number, count) =>
        stream.write(`tokiwa: measuring ${name} (${number} of ${count})\n`),
      round: () => {},
      end: () => {},
    };
  return {
    row: (name, number, count) => {
      place = `${name} (${number} of ${count})`;
    },
    round: (round, count, implementation) =>
      show(`${place}: round ${round} of ${count}, ${implementation}`),
    end: () => show(""),
  };
}
