// Runs the rows of one JavaScript implementation, in a process of its own:
//
//   node --expose-gc bench/worker.mjs tokiwa
//
// Speaks the line protocol of bench/tokio: says what it is, then reads lines of a row's name and `key=value` pairs, runs one
// round for each, and answers with one JSON line. The end of input ends it, in the middle of a round too.

import { createInterface } from "node:readline";
import { parametersOf } from "./harness/rows.mjs";

const IMPLEMENTATIONS = {
  tokiwa: "./tokiwa/index.mjs",
  promises: "./promises/index.mjs",
  node: "./node/index.mjs",
  counter: "./node/counter.mjs",
  effect: "./npm/effect/index.mjs",
  "async-mutex": "./npm/async-mutex.mjs",
  piscina: "./npm/pools/piscina.mjs",
  tinypool: "./npm/pools/tinypool.mjs",
  workerpool: "./npm/pools/workerpool.mjs",
  poolifier: "./npm/pools/poolifier.mjs",
};

function parse(line) {
  const [row, ...pairs] = line.trim().split(/\s+/);
  const parameters = { ...parametersOf(row) };
  for (const pair of pairs) {
    const [key, text] = pair.split("=");
    if (!(key in parameters)) throw new Error(`unknown parameter: ${key}`);
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1) throw new Error(`bad value for ${key}: ${text}`);
    parameters[key] = value;
  }
  return { row, parameters };
}

async function answer(rows, line) {
  const name = line.trim().split(/\s+/)[0];
  try {
    const { row, parameters } = parse(line);
    const run = rows[row];
    if (run === undefined) throw new Error("unknown row");
    return { row, ...(await run(parameters)) };
  } catch (error) {
    return { row: name, error: error instanceof Error ? error.stack : String(error) };
  }
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const name = process.argv[2];
const { rows, versions } = await import(IMPLEMENTATIONS[name]);
const lines = createInterface({ input: process.stdin });
let last = Promise.resolve();
lines.on("line", (line) => {
  if (line.trim() === "") return;
  if (line.trim() === "quit") process.exit(0);
  last = last.then(async () => say(await answer(rows, line)));
});
lines.on("close", () => process.exit(0));
say({ ready: true, ...versions });
