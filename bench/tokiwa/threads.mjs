// Tasks to worker threads and back, and work that worker threads share.

import { sleep, spawn } from "tokiwa";
import { check, latencies, outcome, speedUp } from "../harness/round.mjs";
import { besideInOrder, besideInOrderEach, EXCHANGES, unevenLoops } from "../harness/work.mjs";
import { joinSum } from "./runtime.mjs";
import { ask, buildThreads, threads } from "./thread-runtime.mjs";
import * as tasks from "./thread-tasks.mjs";

function* runNothing() {}

function* roundtrips(task, count, { make, read }) {
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < count; i++) sum += read(yield* spawn(task, make(i)));
  return { elapsed: performance.now() - start, sum };
}

/** The timer is this thread's, so that the workers have nothing to do in the meantime. */
function* roundtripsAfterPauses(count, pauseMs) {
  const samples = [];
  for (let i = 0; i < count; i++) {
    yield* sleep(pauseMs);
    const start = performance.now();
    const value = yield* spawn(tasks.increment, i);
    samples.push(performance.now() - start);
    check("the answer", value, i + 1);
  }
  return samples;
}

/** Keeps `inFlight` tasks on their way: waits for the oldest, then spawns another in its place. */
function* window(task, count, inFlight, { make, read }) {
  const handles = [];
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const place = i % inFlight;
    if (i >= inFlight) sum += read(yield* handles[place]);
    handles[place] = spawn(task, make(i));
  }
  for (const handle of handles) sum += read(yield* handle);
  return { elapsed: performance.now() - start, sum };
}

function throughputRow(exchange, task) {
  return async ({ worker_threads, tasks, in_flight }) => {
    const runtime = await threads(worker_threads);
    const { elapsed, sum } = await runtime.run(window, task, tasks, in_flight, exchange);
    check("sum", sum, exchange.total(tasks));
    return outcome(tasks, elapsed);
  };
}

function* burnEach(allLoops) {
  const handles = [];
  const start = performance.now();
  for (const loops of allLoops) handles.push(spawn(tasks.burn, loops));
  const sum = yield* joinSum(handles);
  return { elapsed: performance.now() - start, sum };
}

function* burnOnOneWorker(count, loops, pauseMs) {
  yield* sleep(pauseMs);
  const start = performance.now();
  const sum = yield* spawn(tasks.burnMany, count, loops);
  return { elapsed: performance.now() - start, sum };
}

const { number, object, bytes } = EXCHANGES;

export const rows = {
  async start_mt({ worker_threads, times }) {
    const begin = performance.now();
    const first = buildThreads(worker_threads);
    check("the answer", await first.run(ask), 42);
    const answerMs = performance.now() - begin;
    await first.shutdown();
    const start = performance.now();
    for (let i = 0; i < times; i++) {
      const runtime = buildThreads(worker_threads);
      await runtime.run(runNothing);
      await runtime.shutdown();
    }
    return outcome(times, performance.now() - start, { answerMs });
  },
  async remote_roundtrip({ worker_threads, tasks: count }) {
    const runtime = await threads(worker_threads);
    const { elapsed, sum } = await runtime.run(roundtrips, tasks.increment, count, number);
    check("sum", sum, number.total(count));
    return outcome(count, elapsed);
  },
  async remote_roundtrip_cold({ worker_threads, tasks: count, pause_ms }) {
    const runtime = await threads(worker_threads);
    return latencies(await runtime.run(roundtripsAfterPauses, count, pause_ms));
  },
  remote_throughput: throughputRow(number, tasks.increment),
  remote_throughput_coroutine: throughputRow(number, tasks.incrementCoroutine),
  remote_throughput_object: throughputRow(object, tasks.price),
  remote_throughput_bytes: throughputRow(bytes, tasks.invert),
  async uneven_map({ worker_threads, tasks: count, loops_per_us }) {
    const runtime = await threads(worker_threads);
    const allLoops = unevenLoops(count, loops_per_us);
    const { inOrder, elapsed } = await besideInOrder(allLoops, () =>
      runtime.run(burnEach, allLoops),
    );
    return speedUp(count, inOrder, elapsed, worker_threads);
  },
  async steal({ worker_threads, tasks: count, task_us, repeat, pause_ms, loops_per_us }) {
    const runtime = await threads(worker_threads);
    const loops = task_us * loops_per_us;
    const allLoops = new Array(count).fill(loops);
    const { inOrder, elapsed } = await besideInOrderEach(repeat, allLoops, () =>
      runtime.run(burnOnOneWorker, count, loops, pause_ms),
    );
    return speedUp(count * repeat, inOrder, elapsed, worker_threads);
  },
};
