// The runtime of this process. Built once and outside of every timed part, as in Tokio's own benches: a program has one
// runtime for its whole life, and its memory has grown to the program's size.

import { Builder } from "tokiwa/runtime";

export const runtime = Builder.newCurrentThread().enableAll().build();

/** Waits for every handle in order and adds up what the tasks returned. */
export function* joinSum(handles) {
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  return sum;
}

/** Runs a coroutine to its end; how long that took, without the way into the runtime, and what it returned. */
export function timed(program, ...args) {
  return runtime.run(timing, program, args);
}

function* timing(program, args) {
  const start = performance.now();
  const value = yield* program(...args);
  return { elapsed: performance.now() - start, value };
}
