// `npm run bench`: measures every row on this machine, with its peers in the same run, and prints medians and ratios.
//
//   npm run bench -- --only mpsc,yield_many    some rows
//   npm run bench -- --quick                   3 rounds, smaller sizes
//   npm run bench -- --help                    all options
//
// Nothing here asserts a time: a row that is behind its goal is printed as behind. The exit code says only whether tokiwa's
// own rounds did what they should.

import { writeFileSync } from "node:fs";
import { chart } from "../bench/harness/chart.mjs";
import { HELP, parseOptions } from "../bench/harness/options.mjs";
import { markdownReport, textReport } from "../bench/harness/report.mjs";
import { makeProgress, runBenchmarks } from "../bench/harness/run.mjs";
import { setUp } from "./setup.mjs";

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
if (options.setUp) await setUp();
const report = await runBenchmarks(options, makeProgress(process.stderr));
console.log(textReport(report));
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (options.markdown) writeFileSync(options.markdown, markdownReport(report));
if (options.chart) writeFileSync(options.chart, chart(report));
if (report.results.some(({ errors }) => "tokiwa" in errors)) process.exitCode = 1;
