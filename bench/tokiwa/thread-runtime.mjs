// The multi_thread runtime of this process, built once and outside of every timed part, with its workers up.

import { spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { check } from "../harness/round.mjs";
import { increment } from "./thread-tasks.mjs";

const TASKS = new URL("./thread-tasks.mjs", import.meta.url).href;

export function buildThreads(workers) {
  return Builder.newMultiThread().workerThreads(workers).enableAll().preload(TASKS).build();
}

/** One task to a worker and back. */
export function* ask() {
  return yield* spawn(increment, 41);
}

let runtime;

export async function threads(workers) {
  if (runtime === undefined) {
    runtime = buildThreads(workers);
    check("the answer", await runtime.run(ask), 42);
  }
  return runtime;
}
