// Worker threads that share a counter: each takes the next task by one atomic addition, and nothing is sent to anybody. It
// is no way to write a program, and shows what the machine can do at the time.

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { speedUp } from "../harness/round.mjs";
import { besideInOrder, besideInOrderEach, unevenLoops } from "../harness/work.mjs";
import { CELLS } from "./counter-cells.mjs";

const FILE = new URL("./counter-worker.mjs", import.meta.url);
const GIVE_UP_MS = 60_000;

class Workers {
  #count;
  #cells = new Int32Array(new SharedArrayBuffer(16));
  #sums;
  #loops;

  constructor(count, tasks) {
    this.#count = count;
    this.#sums = new Float64Array(new SharedArrayBuffer(8 * count));
    this.#loops = new Int32Array(new SharedArrayBuffer(4 * tasks));
  }

  async start() {
    const shared = {
      cells: this.#cells.buffer,
      sums: this.#sums.buffer,
      loops: this.#loops.buffer,
    };
    const starting = Array.from({ length: this.#count }, (_, index) => {
      const worker = new Worker(FILE, { workerData: { ...shared, index } });
      return once(worker, "online");
    });
    await Promise.all(starting);
  }

  /** Has all the tasks done, and blocks this thread until they are; how long that took, and the sum of the results. */
  burnAll(allLoops) {
    this.#loops.set(allLoops);
    Atomics.store(this.#cells, CELLS.tasks, allLoops.length);
    Atomics.store(this.#cells, CELLS.next, 0);
    Atomics.store(this.#cells, CELLS.busy, this.#count);
    const start = performance.now();
    Atomics.add(this.#cells, CELLS.round, 1);
    Atomics.notify(this.#cells, CELLS.round);
    this.#wait();
    const elapsed = performance.now() - start;
    return { elapsed, sum: this.#sums.reduce((total, sum) => total + sum, 0) };
  }

  #wait() {
    for (;;) {
      const busy = Atomics.load(this.#cells, CELLS.busy);
      if (busy === 0) return;
      const result = Atomics.wait(this.#cells, CELLS.busy, busy, GIVE_UP_MS);
      if (result === "timed-out") throw new Error("the workers do not answer");
    }
  }
}

let workers;

async function workersFor(count, tasks) {
  if (workers === undefined) {
    workers = new Workers(count, tasks);
    await workers.start();
  }
  return workers;
}

export const versions = {};
export const rows = {
  async uneven_map({ worker_threads, tasks, loops_per_us }) {
    const workers = await workersFor(worker_threads, tasks);
    const allLoops = unevenLoops(tasks, loops_per_us);
    const { inOrder, elapsed } = await besideInOrder(allLoops, () => workers.burnAll(allLoops));
    return speedUp(tasks, inOrder, elapsed, worker_threads);
  },
  async steal({ worker_threads, tasks, task_us, repeat, pause_ms, loops_per_us }) {
    const workers = await workersFor(worker_threads, tasks);
    const allLoops = new Array(tasks).fill(task_us * loops_per_us);
    const { inOrder, elapsed } = await besideInOrderEach(repeat, allLoops, async () => {
      await pause(pause_ms);
      return workers.burnAll(allLoops);
    });
    return speedUp(tasks * repeat, inOrder, elapsed, worker_threads);
  },
};
