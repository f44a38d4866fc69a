// The counters of a multi_thread runtime, from the records of its threads.

import {
  COUNT_DELIVERED,
  COUNT_NOOPS,
  COUNT_OVERFLOWS,
  COUNT_PARKS,
  COUNT_REMOTE,
  COUNT_STARTED,
  COUNT_STEALS,
  COUNT_STOLEN,
  COUNT_UNPARKS,
  type ThreadsExports,
} from "../../core/binding.js";
import { RuntimeMetrics } from "../../metrics.js";

/** The thread that reads. */
interface Reader {
  readonly memoryBytes: number;
  readonly ioHandles: number;
}

export function poolMetrics(
  core: ThreadsExports,
  reader: Reader,
  workers: number,
  lostWorkers: () => number,
): RuntimeMetrics {
  const of = (read: (worker: number) => number) => (worker: number) =>
    Number.isInteger(worker) && worker >= 0 && worker < workers ? read(worker) >>> 0 : 0;
  const count = (field: number) => of((worker) => core.counterOf(worker, field));
  return new RuntimeMetrics({
    numWorkers: () => workers,
    numAliveTasks: () => core.aliveTasks(),
    spawnedTasks: () => core.lastId(),
    queueDepth: () => core.injectorLength(),
    aliveTimers: () => core.aliveTimers(),
    ioHandles: () => reader.ioHandles,
    memoryBytes: () => reader.memoryBytes,
    polls: of((worker) => core.pollsOf(worker)),
    parks: count(COUNT_PARKS),
    unparks: count(COUNT_UNPARKS),
    noops: count(COUNT_NOOPS),
    stolen: count(COUNT_STOLEN),
    steals: count(COUNT_STEALS),
    overflows: count(COUNT_OVERFLOWS),
    remoteSchedules: count(COUNT_REMOTE),
    started: count(COUNT_STARTED),
    delivered: count(COUNT_DELIVERED),
    localQueueDepth: of((worker) => core.ringLengthOf(worker)),
    blockingThreads: () => core.blockingThreads(),
    idleBlockingThreads: () => core.idleBlocking(),
    blockingQueueDepth: () => core.blockingLength(),
    lostWorkers,
  });
}
