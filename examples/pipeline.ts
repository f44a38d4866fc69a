// A pipeline over threads: a task that makes jobs, tasks that do them, a few at once, and a writer here that is slower than all of them.
// The channels between them are short, so the maker of the jobs is held up by the writer, through everything in between.
//
//   node examples/run.mjs pipeline

import { sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { JoinSet } from "tokiwa/task";
import { doJob, type Job, makeJobs, type Result } from "./tasks/pipeline.js";
import { rememberWorker } from "./tasks/this-worker.js";

const JOBS = 60;
const SIZE = 5_000;
const QUEUE = 2;
const AT_ONCE = 4;
const RESULTS = 2;
/** The jobs that wait, the one that is being handed out, those that are done, and the results on their way. */
const ROOM = QUEUE + 1 + AT_ONCE + RESULTS;

/** Hands each job to whichever worker is free. */
function* handOut(jobs: mpsc.SharedReceiver<Job>, tx: mpsc.SharedSender<Result>) {
  using _tx = tx;
  using underWay = new JoinSet<void>();
  for (let job = yield* jobs.recv(); job !== undefined; job = yield* jobs.recv()) {
    if (underWay.len() === AT_ONCE) yield* underWay.joinNext();
    underWay.spawn(doJob, job, tx);
  }
  yield* underWay.joinAll();
}

function* program() {
  const received = new Int32Array(new SharedArrayBuffer(4));
  const [jobs, jobsRx] = mpsc.shared<Job>(QUEUE);
  const [results, resultsRx] = mpsc.shared<Result>(RESULTS);
  const making = spawn(makeJobs, jobs, JOBS, SIZE, received);
  jobs.close(); // the maker has a copy, and the channel is to end with it
  spawn(handOut, jobsRx, results);

  let primes = 0;
  const workers = new Set<number>();
  for (let one = yield* resultsRx.recv(); one !== undefined; one = yield* resultsRx.recv()) {
    Atomics.add(received, 0, 1);
    primes += one.primes;
    workers.add(one.worker);
    yield* sleep(2); // writes it down
  }
  return { primes, workers: [...workers].sort(), ahead: yield* making, count: received[0] };
}

await using runtime = Builder.newMultiThread().enableAll().onThreadStart(rememberWorker).build();
const { primes, workers, ahead, count } = await runtime.run(program);
console.log(
  `${count} jobs: ${primes} primes below ${JOBS * SIZE}, by workers ${workers.join(", ")}`,
);
console.log(`never more than ${ahead} jobs ahead of the writer (there is room for ${ROOM})`);
