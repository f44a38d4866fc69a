// `npm start`: sets up, bundles the tour and runs it. Arguments go to the tour: `npm start -- --only echo`.

import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setUp } from "./setup.mjs";

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const OUT = join(root, "build/examples/tour.mjs");

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
    sourcemap: "inline",
    logLevel: "warning",
  });
}

const args = process.argv.slice(2);
// With --json standard output holds the results and nothing else.
if (args.includes("--json")) console.log = console.error;
await setUp();
await bundleTour();
const { status, signal } = spawnSync(process.execPath, ["--enable-source-maps", OUT, ...args], {
  stdio: "inherit",
});
process.exitCode = status ?? 128 + (signal ? constants.signals[signal] : 0);
