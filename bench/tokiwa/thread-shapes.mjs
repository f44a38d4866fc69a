// The shapes of Tokio's own benches of its multi_thread scheduler, and of its blocking pool. Where the thread outside blocks
// until the tasks have counted down, it does so here too: the workers go on without it.

import { spawn } from "tokiwa";
import { check, outcome, sumBelow } from "../harness/round.mjs";
import { joinSum } from "./runtime.mjs";
import { threads } from "./thread-runtime.mjs";
import { expectTasks, setBusy, waitForTasks } from "./thread-signals.mjs";
import * as tasks from "./thread-tasks.mjs";

const BUSY_US = 10;

/** Times `repeat` runs of `once`, each of which does `each` operations. */
async function repeated(repeat, each, once) {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) await once();
  return outcome(repeat * each, performance.now() - start);
}

function* spawnManyLocal(count) {
  expectTasks(count);
  for (let i = 0; i < count; i++) spawn(tasks.countDown);
  waitForTasks();
}

/** Spawns from outside of the runtime, then joins within it. */
async function spawnOutside(runtime, count) {
  const outside = runtime.handle();
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(outside.spawn(tasks.increment, i));
  check("sum", await runtime.run(joinSum, handles), sumBelow(count) + count);
}

/** Has tasks keep the workers busy meanwhile; `task` goes on until it is told to stop. */
async function whileBusy(runtime, task, count, loopsPerUs, work) {
  const outside = runtime.handle();
  setBusy(true);
  expectTasks(count);
  for (let i = 0; i < count; i++) outside.spawn(task, BUSY_US * loopsPerUs);
  const answer = await work();
  setBusy(false);
  waitForTasks();
  return answer;
}

function busyRow(task, busyFor) {
  return async ({ worker_threads, tasks: count, repeat, loops_per_us }) => {
    const runtime = await threads(worker_threads);
    return await whileBusy(runtime, task, busyFor(worker_threads), loops_per_us, () =>
      repeated(repeat, count, () => spawnOutside(runtime, count)),
    );
  };
}

function* pingAll(pings) {
  expectTasks(pings);
  spawn(tasks.pingAll, pings);
  waitForTasks();
}

function* chain(depth) {
  expectTasks(1);
  spawn(tasks.chain, depth);
  waitForTasks();
}

function* blocking(count, batches, batch) {
  const handles = [];
  const start = performance.now();
  for (let i = 0; i < count; i++) handles.push(spawn(tasks.blockingBatches, batches, batch));
  const calls = yield* joinSum(handles);
  return { elapsed: performance.now() - start, calls };
}

export const rows = {
  async mt_spawn_many_local({ worker_threads, tasks: count, repeat }) {
    const runtime = await threads(worker_threads);
    return await repeated(repeat, count, () => runtime.run(spawnManyLocal, count));
  },
  async mt_spawn_many_remote_idle({ worker_threads, tasks: count, repeat }) {
    const runtime = await threads(worker_threads);
    return await repeated(repeat, count, () => spawnOutside(runtime, count));
  },
  /** Twice as many tasks as workers. */
  mt_spawn_many_remote_busy1: busyRow(tasks.busyYields, (workers) => 2 * workers),
  /** As many chains as workers. */
  mt_spawn_many_remote_busy2: busyRow(tasks.busyChain, (workers) => workers),
  async mt_yield_many({ worker_threads, tasks: count, yields, repeat }) {
    const runtime = await threads(worker_threads);
    const outside = runtime.handle();
    return await repeated(repeat, count * yields, () => {
      expectTasks(count);
      for (let i = 0; i < count; i++) outside.spawn(tasks.yields, yields);
      waitForTasks();
    });
  },
  async mt_ping_pong({ worker_threads, pings, repeat }) {
    const runtime = await threads(worker_threads);
    return await repeated(repeat, pings, () => runtime.run(pingAll, pings));
  },
  async mt_chained_spawn({ worker_threads, depth, repeat }) {
    const runtime = await threads(worker_threads);
    return await repeated(repeat, depth, () => runtime.run(chain, depth));
  },
  async spawn_blocking({ tasks: count, batches, batch }) {
    const runtime = await threads(2);
    const { elapsed, calls } = await runtime.run(blocking, count, batches, batch);
    check("calls", calls, count * batches * batch);
    return outcome(calls, elapsed);
  },
};
