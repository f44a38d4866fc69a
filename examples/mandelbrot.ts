// Mandelbrot: a picture computed by every core of the machine, row by row, and written to a file.
// The rows differ much in what they cost; whichever worker is free takes the next.
//
//   node examples/run.mjs mandelbrot [file]        build/mandelbrot.png unless another is named

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join, main, spawn } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { mandelbrotRow, type View } from "./tasks/mandelbrot.js";
import { png } from "./tasks/png.js";

const file = process.argv[3] ?? fileURLToPath(new URL("../mandelbrot.png", import.meta.url));
const size = { width: 900, height: 600 };
const view: View = { ...size, middleX: -0.7436, middleY: 0.1318, span: 0.012, steps: 800 };

await main(function* () {
  const start = performance.now();
  const rows = Array.from({ length: view.height }, (_, y) => spawn(mandelbrotRow, view, y));
  const picture = yield* join(...rows);
  writeFileSync(file, png(picture));
  report(picture, performance.now() - start);
});

/** A small impression of it, and who has done how much. */
function report(picture: readonly Uint8Array[], ms: number): void {
  const shades = " .:-=+*#%@";
  for (let y = 0; y < view.height; y += 30) {
    const row = picture[y] as Uint8Array;
    const points = Array.from(
      { length: 64 },
      (_, x) => row[Math.floor((x * view.width) / 64)] ?? 0,
    );
    console.log(points.map((value) => shades[Math.floor(value / 12) % shades.length]).join(""));
  }
  const metrics = Handle.current().metrics();
  const shares = Array.from({ length: metrics.numWorkers() }, (_, worker) =>
    metrics.workerStartedTasksCount(worker),
  );
  console.log(`${view.height} rows in ${ms.toFixed(0)} ms; by each worker: ${shares.join(", ")}`);
  console.log(file);
}
