// The runtime of chapters about threads: an ordinary one with workers.

import { availableParallelism } from "node:os";
import { Builder, type Runtime } from "tokiwa/runtime";
import { rememberWorker } from "../tasks/this-worker.js";

/** Two even where there is one core: what these chapters show needs somebody to take from. */
export const WORKERS: number = Math.min(8, Math.max(2, availableParallelism()));

/** Workers that know their number (`thisWorker`) and have imported `modules`. */
export function workersBuilder(...modules: string[]): Builder {
  return Builder.newMultiThread()
    .enableAll()
    .workerThreads(WORKERS)
    .onThreadStart(rememberWorker)
    .preload(...modules);
}

/** Uses a runtime and shuts it down, all its threads included. */
export async function withRuntime<T>(runtime: Runtime, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await runtime.shutdown();
  }
}

export function workerNumbers(): number[] {
  return Array.from({ length: WORKERS }, (_, worker) => worker);
}

/** A part of a whole as a bar, with what it says in numbers. */
export function shareLine(label: string, share: number, text: string): string {
  const width = 40;
  const bar = "█".repeat(Math.round(share * width)).padEnd(width, "·");
  return `${label} ${bar} ${Math.round(100 * share)} %, ${text}`;
}
