// Tasks that run on a worker and spawn others from there, so that they all stand in that worker's own queue.

import { join, sendable, spawn } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { countPrimes } from "./primes.js";
import { thisWorker } from "./this-worker.js";

/** Every seventh is five times as long as the others. */
function spawnTasks(tasks: number, size: number) {
  return Array.from({ length: tasks }, (_, n) =>
    spawn(countPrimes, 1_000_000, 1_000_000 + size * (n % 7 === 0 ? 5 : 1)),
  );
}

export const spawnAll = sendable(
  import.meta.url,
  "spawnAll",
  function* (tasks: number, size: number) {
    const handles = spawnTasks(tasks, size);
    return { worker: thisWorker(), counted: yield* join(...handles) };
  },
);

/** The same, but then it keeps its worker to itself until another one has begun `enough` of the tasks. */
export const spawnAndHog = sendable(
  import.meta.url,
  "spawnAndHog",
  function* (tasks: number, size: number, enough: number, patienceMs: number) {
    const metrics = Handle.current().metrics();
    const here = thisWorker();
    const startedElsewhere = (): number => {
      let started = 0;
      for (let worker = 0; worker < metrics.numWorkers(); worker++)
        if (worker !== here) started += metrics.workerStartedTasksCount(worker);
      return started;
    };
    const before = startedElsewhere();
    const handles = spawnTasks(tasks, size);
    const end = performance.now() + patienceMs;
    // No `yield*` in here: nothing else runs on this worker meanwhile.
    while (startedElsewhere() - before < enough && performance.now() < end);
    const taken = startedElsewhere() - before;
    return { worker: here, taken, counted: yield* join(...handles) };
  },
);
