// The stages of a pipeline that run on workers. An end of a channel that a task got as an argument is closed when the task ends.

import { sendable } from "tokiwa";
import type { mpsc } from "tokiwa/sync";
import { primesIn } from "./primes.js";
import { thisWorker } from "./this-worker.js";

export interface Job {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export interface Result {
  readonly number: number;
  readonly primes: number;
  readonly worker: number;
}

/**
 * Makes jobs. `send` waits while the channel is full: that is all of the backpressure.
 *
 * @param received how many results have come out at the other end. @returns how far ahead of that it has been at most.
 */
export const makeJobs = sendable(
  import.meta.url,
  "makeJobs",
  function* (tx: mpsc.SharedSender<Job>, jobs: number, size: number, received: Int32Array) {
    let ahead = 0;
    for (let number = 0; number < jobs; number++) {
      yield* tx.send({ number, from: number * size, to: (number + 1) * size });
      ahead = Math.max(ahead, number + 1 - Atomics.load(received, 0));
    }
    return ahead;
  },
);

/** Does one job, and sends on what comes of it. */
export const doJob = sendable(
  import.meta.url,
  "doJob",
  function* (job: Job, tx: mpsc.SharedSender<Result>) {
    const primes = primesIn(job.from, job.to);
    yield* tx.send({ number: job.number, primes, worker: thisWorker() });
  },
);
