// The rows of every pool from npm. A pool is opened for one function of harness/work.mjs, in a file of its own as the docs of
// all of them say, and called with one argument; a promise stands for every call.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { check, latencies, outcome, speedUp } from "../../harness/round.mjs";
import { besideInOrder, EXCHANGES, unevenLoops } from "../../harness/work.mjs";

/** The version of a package in bench/npm/node_modules. */
export function versionOf(name) {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return { [name]: JSON.parse(readFileSync(manifest, "utf8")).version };
}

let pool;

/** Keeps `inFlight` calls on their way: waits for the oldest, then makes another in its place. */
async function callAll(pool, tasks, inFlight, { make, read }) {
  const calls = [];
  let sum = 0;
  for (let i = 0; i < tasks; i++) {
    const place = i % inFlight;
    if (i >= inFlight) sum += read(await calls[place]);
    calls[place] = pool.call(make(i));
  }
  for (const result of await Promise.all(calls)) sum += read(result);
  return sum;
}

async function callOneByOne(pool, tasks, { make, read }) {
  let sum = 0;
  for (let i = 0; i < tasks; i++) sum += read(await pool.call(make(i)));
  return sum;
}

async function timed(work) {
  const start = performance.now();
  const sum = await work;
  return { elapsed: performance.now() - start, sum };
}

/** @param open makes a pool of so many workers for one function: `{ call, close }`. */
export function poolRows(open) {
  /** The pool of this process, which does one row. Made once and outside of every timed part. */
  const poolFor = (workers, task) => {
    pool ??= open(workers, task);
    return pool;
  };
  const throughputRow =
    (exchange) =>
    async ({ worker_threads, tasks, in_flight }) => {
      const pool = poolFor(worker_threads, exchange.task);
      const { elapsed, sum } = await timed(callAll(pool, tasks, in_flight, exchange));
      check("sum", sum, exchange.total(tasks));
      return outcome(tasks, elapsed);
    };
  const { number, object, bytes } = EXCHANGES;
  return {
    async start_mt({ worker_threads, times }) {
      const begin = performance.now();
      const first = open(worker_threads, number.task);
      check("the answer", await first.call(41), 42);
      const answerMs = performance.now() - begin;
      await first.close();
      const start = performance.now();
      for (let i = 0; i < times; i++) await open(worker_threads, number.task).close();
      return outcome(times, performance.now() - start, { answerMs });
    },
    async remote_roundtrip({ worker_threads, tasks }) {
      const pool = poolFor(worker_threads, number.task);
      const { elapsed, sum } = await timed(callOneByOne(pool, tasks, number));
      check("sum", sum, number.total(tasks));
      return outcome(tasks, elapsed);
    },
    async remote_roundtrip_cold({ worker_threads, tasks, pause_ms }) {
      const pool = poolFor(worker_threads, number.task);
      const samples = [];
      for (let i = 0; i < tasks; i++) {
        await pause(pause_ms);
        const { elapsed, sum } = await timed(pool.call(i));
        check("the answer", sum, i + 1);
        samples.push(elapsed);
      }
      return latencies(samples);
    },
    remote_throughput: throughputRow(number),
    remote_throughput_object: throughputRow(object),
    remote_throughput_bytes: throughputRow(bytes),
    /** All at once: the queue is the pool's own. */
    async uneven_map({ worker_threads, tasks, loops_per_us }) {
      const pool = poolFor(worker_threads, "burn");
      const allLoops = unevenLoops(tasks, loops_per_us);
      const exchange = { make: (i) => allLoops[i], read: number.read };
      const { inOrder, elapsed } = await besideInOrder(allLoops, () =>
        timed(callAll(pool, tasks, tasks, exchange)),
      );
      return speedUp(tasks, inOrder, elapsed, worker_threads);
    },
  };
}
