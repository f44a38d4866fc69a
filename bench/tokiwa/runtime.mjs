// The runtime of this process. Built once and outside of every timed part, as in Tokio's own benches: a program has one
// runtime for its whole life, and its memory has grown to the program's size.

import { Builder } from "tokiwa/runtime";

let runtime;

export function buildRuntime() {
  return Builder.newCurrentThread().enableAll().build();
}

/** Runs a coroutine to its end on the runtime of this process. */
export function run(program, ...args) {
  runtime ??= buildRuntime();
  return runtime.run(program, ...args);
}

/**
 * Runs a coroutine to its end; how long that took, and what it returned. The way into the runtime, some microseconds, is in
 * the time: a coroutine around the program to leave it out would make every `yield*` of the program one level deeper.
 */
export async function timed(program, ...args) {
  runtime ??= buildRuntime();
  const start = performance.now();
  const value = await runtime.run(program, ...args);
  return { elapsed: performance.now() - start, value };
}

/** Waits for every handle in order and adds up what the tasks returned. */
export function* joinSum(handles) {
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  return sum;
}
