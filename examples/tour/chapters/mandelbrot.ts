// The Mandelbrot set by every core: a row is a task, and whichever worker is free takes the next.

import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { join } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { mandelbrotRow, rowOf, type View } from "../../tasks/mandelbrot.js";
import { png } from "../../tasks/png.js";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { count } from "../units.js";
import { WORKERS, withRuntime, workerNumbers, workersBuilder } from "../workers.js";

const VIEW: View = {
  width: 600,
  height: 400,
  middleX: -0.7436,
  middleY: 0.1318,
  span: 0.012,
  steps: 600,
};
const FILE = fileURLToPath(new URL("../../../mandelbrot.png", import.meta.url));
const PREVIEW = { width: 84, height: 12 };

// The whole program, but for the formula and the file format:
function* mandelbrot(runtime: Runtime, view: View, file: string) {
  const rows = Array.from({ length: view.height }, (_, y) => runtime.spawn(mandelbrotRow, view, y));
  const picture = yield* join(...rows);
  writeFileSync(file, png(picture));
  return picture;
}

function preview(picture: readonly Uint8Array[]): string[] {
  const shades = "·:-=+*#%@█";
  return Array.from({ length: PREVIEW.height }, (_, line) => {
    const row = picture[Math.floor((line * VIEW.height) / PREVIEW.height)] as Uint8Array;
    const point = (x: number): number => row[Math.floor((x * VIEW.width) / PREVIEW.width)] ?? 0;
    return Array.from(
      { length: PREVIEW.width },
      (_, x) => shades[Math.floor(point(x) / 9) % 10],
    ).join("");
  });
}

async function run(page: Page): Promise<void> {
  const runtime = workersBuilder(import.meta.resolve("../../tasks/mandelbrot.js")).build();
  await withRuntime(runtime, async () => {
    // Once without measuring, so that the engine has compiled the loop.
    for (let y = 0; y < VIEW.height; y += 10) rowOf(VIEW, y);
    const nodeTime = stopwatch();
    const alone = Array.from({ length: VIEW.height }, (_, y) => rowOf(VIEW, y));
    const nodeMs = nodeTime();
    const time = stopwatch();
    const picture = await runtime.run(mandelbrot, runtime, VIEW, FILE);
    const ms = time();
    for (const line of preview(picture)) page.line(line);
    page.figures([
      {
        label: `${VIEW.height} rows: ${WORKERS} workers / one thread`,
        unit: "ms",
        tokiwa: ms,
        plainNode: nodeMs,
        compare: "time",
      },
    ]);
    const metrics = runtime.metrics();
    const shares = workerNumbers().map((worker) => metrics.workerStartedTasksCount(worker));
    page.say(`The picture is in ${relative(".", FILE)}. Rows by worker: ${shares.join(", ")}.`);
    page.check(
      `the workers computed the same picture as one thread, byte for byte (${count(VIEW.width * VIEW.height)} points)`,
      Buffer.concat(picture).equals(Buffer.concat(alone)),
    );
    page.check(
      `each of the ${VIEW.height} rows was a task, and each ran once, on a worker`,
      shares.reduce((sum, share) => sum + share, 0) === VIEW.height,
      shares.join(" + "),
    );
    page.check("the file is the picture", readFileSync(FILE).equals(Buffer.from(png(alone))), FILE);
  });
}

export const mandelbrotSet: Chapter = {
  name: "mandelbrot",
  title: "Every core at once",
  intro:
    "A row of the Mandelbrot set is a function of numbers that gives bytes. `sendable` makes it a function that any worker " +
    "thread can run; after that `spawn` takes it like any other. Beside it the same rows on one thread.",
  run,
};
