// `npm start`: sets up, compiles the tour and runs it. Arguments go to the tour: `npm start -- --only echo`.

import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { compileExamples, OUT } from "../examples/compile.mjs";
import { setUp } from "./setup.mjs";

const args = process.argv.slice(2);
// With --json standard output holds the results and nothing else.
if (args.includes("--json")) console.log = console.error;
await setUp();
await compileExamples();
const { status, signal } = spawnSync(process.execPath, [join(OUT, "tour/main.js"), ...args], {
  stdio: "inherit",
});
process.exitCode = status ?? 128 + (signal ? constants.signals[signal] : 0);
