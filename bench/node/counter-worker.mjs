// A worker that takes the next task by adding one to a counter in shared memory, until there are no more. It waits for the
// next round in the meantime.

import { workerData } from "node:worker_threads";
import { burn } from "../harness/work.mjs";
import { CELLS } from "./counter-cells.mjs";

const cells = new Int32Array(workerData.cells);
const sums = new Float64Array(workerData.sums);
const allLoops = new Int32Array(workerData.loops);

function work() {
  let sum = 0;
  const tasks = Atomics.load(cells, CELLS.tasks);
  for (;;) {
    const i = Atomics.add(cells, CELLS.next, 1);
    if (i >= tasks) return sum;
    sum += burn(allLoops[i]);
  }
}

for (let round = 0; ; round++) {
  Atomics.wait(cells, CELLS.round, round);
  sums[workerData.index] = work();
  if (Atomics.sub(cells, CELLS.busy, 1) === 1) Atomics.notify(cells, CELLS.busy);
}
