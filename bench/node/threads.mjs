// Worker threads and postMessage with callbacks, as one writes it for speed: a reply sends the next task, and no promise
// stands for one. A worker's replies come in the order of its tasks, so that nothing has to say which is which.

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { check, latencies, outcome, speedUp } from "../harness/round.mjs";
import { besideInOrder, EXCHANGES, unevenLoops } from "../harness/work.mjs";

const FILE = new URL("./thread-worker.mjs", import.meta.url);

function startWorkers(count, task) {
  return Array.from({ length: count }, () => new Worker(FILE, { workerData: task }));
}

let workers;

/** The workers of this process, which does one row. Started once and outside of every timed part. */
async function workersFor(count, task) {
  if (workers === undefined) {
    workers = startWorkers(count, task);
    await Promise.all(workers.map((worker) => once(worker, "online")));
  }
  return workers;
}

/** Gives every task to a worker, `each` at a time to each worker, and every result to `take`; resolves when all are done. */
function doAll(workers, tasks, each, make, take) {
  return new Promise((resolve) => {
    let given = 0;
    let done = 0;
    const give = (worker) => {
      if (given < tasks) worker.postMessage(make(given++));
    };
    const listeners = workers.map((worker) => (result) => {
      take(result);
      give(worker);
      done += 1;
      if (done < tasks) return;
      for (const [i, worker] of workers.entries()) worker.off("message", listeners[i]);
      resolve();
    });
    for (const [i, worker] of workers.entries()) worker.on("message", listeners[i]);
    for (let i = 0; i < each; i++) for (const worker of workers) give(worker);
  });
}

/** Does all tasks; how long that took, and the sum of what `read` makes of the results. */
async function timeAll(workers, tasks, each, make, read) {
  let sum = 0;
  const start = performance.now();
  await doAll(workers, tasks, each, make, (result) => {
    sum += read(result);
  });
  return { elapsed: performance.now() - start, sum };
}

function throughputRow({ task, make, read, total }) {
  return async ({ worker_threads, tasks, in_flight }) => {
    const workers = await workersFor(worker_threads, task);
    const each = Math.ceil(in_flight / workers.length);
    const { elapsed, sum } = await timeAll(workers, tasks, each, make, read);
    check("sum", sum, total(tasks));
    return outcome(tasks, elapsed);
  };
}

/** The time of one round trip. */
function ask(worker, value, wanted) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    worker.once("message", (result) => {
      const elapsed = performance.now() - start;
      if (result === wanted) resolve(elapsed);
      else reject(new Error(`got ${result}, wanted ${wanted}`));
    });
    worker.postMessage(value);
  });
}

async function stop(workers) {
  await Promise.all(workers.map((worker) => worker.terminate()));
}

const { number, object, bytes } = EXCHANGES;

export const rows = {
  async start_mt({ worker_threads, times }) {
    const begin = performance.now();
    const workers = startWorkers(worker_threads, number.task);
    await ask(workers[0], 41, 42);
    const answerMs = performance.now() - begin;
    await stop(workers);
    const start = performance.now();
    for (let i = 0; i < times; i++) await stop(startWorkers(worker_threads, number.task));
    return outcome(times, performance.now() - start, { answerMs });
  },
  async remote_roundtrip({ tasks }) {
    const workers = await workersFor(1, number.task);
    const { elapsed, sum } = await timeAll(workers, tasks, 1, number.make, number.read);
    check("sum", sum, number.total(tasks));
    return outcome(tasks, elapsed);
  },
  async remote_roundtrip_cold({ tasks, pause_ms }) {
    const [worker] = await workersFor(1, number.task);
    const samples = [];
    for (let i = 0; i < tasks; i++) {
      await pause(pause_ms);
      samples.push(await ask(worker, i, i + 1));
    }
    return latencies(samples);
  },
  remote_throughput: throughputRow(number),
  remote_throughput_object: throughputRow(object),
  remote_throughput_bytes: throughputRow(bytes),
  /** Two at a time to each, so that none waits for this thread. */
  async uneven_map({ worker_threads, tasks, loops_per_us }) {
    const workers = await workersFor(worker_threads, "burn");
    const allLoops = unevenLoops(tasks, loops_per_us);
    const loopsOf = (i) => allLoops[i];
    const { inOrder, elapsed } = await besideInOrder(allLoops, () =>
      timeAll(workers, tasks, 2, loopsOf, number.read),
    );
    return speedUp(tasks, inOrder, elapsed, worker_threads);
  },
};
