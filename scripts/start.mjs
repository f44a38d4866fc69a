// `npm start`: sets up, bundles the tour and runs it. Arguments go to the tour: `npm start -- --only echo`.

import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const OUT = "build/examples/tour.mjs";

/** The tour's own files in one; the library stays outside, imported by its name as in any program. */
async function bundleTour() {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: ["examples/tour/main.ts"],
    outfile: OUT,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    external: ["tokiwa", "tokiwa/*"],
    logLevel: "warning",
  });
}

const args = process.argv.slice(2);
// With --json standard output holds the results and nothing else.
if (args.includes("--json")) console.log = console.error;
await setUp();
await bundleTour();
const { status, signal } = spawnSync(process.execPath, [join(root, OUT), ...args], {
  stdio: "inherit",
});
process.exitCode = status ?? 128 + (signal ? constants.signals[signal] : 0);
