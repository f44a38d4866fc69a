// Helpers for tests of tasks on worker threads: runtimes that end with their test, and bounded waits for conditions.

import { Builder, type Runtime } from "tokiwa/runtime";
import { afterEach, expect } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";
import { settles } from "../support/tasks.js";

const built: Runtime[] = [];

/** Shuts a runtime down, and fails if its threads do not end by themselves. */
export async function dismiss(rt: Runtime): Promise<void> {
  let ended = false;
  const report = rt.shutdown().then((report) => {
    ended = true;
    return report;
  });
  await until("the threads of the runtime end", () => ended);
  expect((await report).stuck).toEqual([]);
}

afterEach(async () => {
  await Promise.all(built.splice(0).map(dismiss));
});

/** A runtime with worker threads that is shut down after the test. */
export function crew(
  workers = 2,
  configure: (builder: Builder) => Builder = (builder) => builder,
): Runtime {
  const rt = unmanned(workers, configure);
  built.push(rt);
  return rt;
}

/** A runtime that its maker shuts down. */
export function unmanned(
  workers = 2,
  configure: (builder: Builder) => Builder = (builder) => builder,
): Runtime {
  return configure(Builder.newMultiThread().workerThreads(workers).enableAll()).build();
}

/** Waits until something is so, but not for ever. The event loop turns meanwhile. */
export async function until(
  what: string,
  condition: () => boolean,
  limitMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited for ever: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Waits until nothing of what was spawned is left. */
export async function untilNoTasks(rt: Runtime): Promise<void> {
  const metrics = rt.metrics();
  // A sum over threads that run is not exact: what one has taken and another has given back may count for less than it is.
  let calm = 0;
  await until("no task and no timer is alive", () => {
    const isCalm = metrics.numAliveTasks() === 0 && metrics.numTimers() === 0;
    calm = isCalm ? calm + 1 : 0;
    return calm === 2;
  }).catch((error) => {
    const dump = rt.dump();
    const counts = `${metrics.numAliveTasks()} tasks, ${metrics.numTimers()} timers`;
    throw new Error(`${counts} are left: ${JSON.stringify(dump)}`, { cause: error });
  });
}

/** `length` words of shared memory: tests see through them what tasks do on other threads. */
export function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

/** Waits until a word of shared memory is at least `least`. */
export function untilWord(words: Int32Array, index: number, least = 1): Promise<void> {
  return until(`word ${index} is ${least}`, () => Atomics.load(words, index) >= least);
}

/** `settles` with a limit for many tasks on busy machines. */
export const LONG = PATIENCE_MS;

/** Gives every worker the memory that the tasks of fixtures/tasks.mjs count in; the thread ids of the workers. */
export async function giveWords(rt: Runtime, words: Int32Array): Promise<number[]> {
  const { give } = (await import("./fixtures/tasks.mjs")) as {
    give: import("tokiwa").SendableFunction<[{ words: Int32Array }], number>;
  };
  // What needs a port goes to one worker after the other.
  const count = rt.metrics().numWorkers();
  const threads: number[] = [];
  for (let worker = 0; worker < count; worker++)
    threads.push(await settles(rt.spawn(give, { words }), LONG));
  expect(new Set(threads).size).toBe(count);
  return threads;
}
