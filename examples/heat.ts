// A plate that is hot at one edge, and how the heat spreads: computed by several tasks on one region of shared memory. An RwLock lets
// all of them read at once and one write; a Barrier keeps them in step. The same on one thread gives the same numbers.
//
//   node examples/run.mjs heat

import { type JoinHandle, join } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { Barrier, RwLock, region, type SharedRwLock } from "tokiwa/sync";
import { heatRows, nextRows, type Plate } from "./tasks/heat.js";
import { rememberWorker } from "./tasks/this-worker.js";

const WIDTH = 64;
const HEIGHT = 40;
const ROUNDS = 150;
const PARTS = 4;
const SHADES = " .:-=+*#%@";

function heatEdge(plate: Plate): void {
  plate.fill(100, 0, WIDTH);
}

function* together(runtime: Runtime, plate: SharedRwLock<Plate>) {
  const meeting = Barrier.shared(PARTS);
  const rows = HEIGHT / PARTS;
  const parts = Array.from({ length: PARTS }, (_, n) =>
    runtime.spawn(heatRows, plate, meeting, WIDTH, n * rows, (n + 1) * rows, ROUNDS),
  );
  return yield* join(...(parts as JoinHandle<{ worker: number; last: number }>[]));
}

function alone(): Plate {
  const plate = new Float64Array(WIDTH * HEIGHT);
  heatEdge(plate);
  for (let round = 0; round < ROUNDS; round++) plate.set(nextRows(plate, WIDTH, 0, HEIGHT));
  return plate;
}

await using runtime = Builder.newMultiThread().enableAll().onThreadStart(rememberWorker).build();
using _here = runtime.enter(); // the lock lives in this runtime's memory
const plate = RwLock.shared(region(Float64Array, WIDTH * HEIGHT));
{
  using guard = plate.tryWrite();
  heatEdge(guard.value);
}
const parts = await runtime.run(together, runtime, plate);

using guard = plate.tryRead();
for (let y = 0; y < HEIGHT; y += 4) {
  const row = guard.value.subarray(y * WIDTH, (y + 1) * WIDTH);
  console.log(Array.from(row, (heat) => SHADES[Math.min(9, Math.floor(heat / 10))]).join(""));
}
const expected = alone();
const same = guard.value.every((heat, at) => heat === expected[at]);
const meetings = parts.reduce((sum, { last }) => sum + last, 0);
console.log(`${PARTS} parts, ${meetings} rounds; as on one thread: ${same ? "yes" : "no"}`);
