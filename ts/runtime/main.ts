// `main`: a whole program.

import type { AsyncFunction, CoroutineFunction } from "../future/index.js";
import { Builder } from "./builder.js";
import { isOnWorkerThread } from "./entered.js";
import { InvalidArgumentError } from "./errors.js";
import type { Flavor } from "./scheduler/scheduler.js";

/** Settings of {@link main}. For others use `Builder` and `Runtime.run`. */
export interface MainOptions {
  /** multi_thread where there are threads, unless `startPaused` or `rngSeed` ask for one thread. */
  readonly flavor?: Flavor;
  /** As many as the machine has cores, or `TOKIWA_WORKER_THREADS`. They start at the first task that is sent to them. */
  readonly workerThreads?: number;
  readonly startPaused?: boolean;
  readonly rngSeed?: number;
  readonly name?: string;
}

/** A coroutine function without parameters, or an async function that may take `{ signal }`. */
export type MainProgram<T> = CoroutineFunction<[], T> | AsyncFunction<[], T>;

function builderFor(options: MainOptions): Builder {
  const builder = flavorBuilder(options.flavor ?? defaultFlavor(options))
    .enableAll()
    .startLazily();
  if (options.workerThreads !== undefined) builder.workerThreads(options.workerThreads);
  if (options.startPaused !== undefined) builder.startPaused(options.startPaused);
  if (options.rngSeed !== undefined) builder.rngSeed(options.rngSeed);
  if (options.name !== undefined) builder.name(options.name);
  return builder;
}

/** Several threads, unless there are none here or what is asked for makes sense on one thread only. */
function defaultFlavor({ startPaused, rngSeed }: MainOptions): Flavor {
  const single = startPaused === true || rngSeed !== undefined || !Builder.hasThreads();
  return single ? "current_thread" : "multi_thread";
}

function flavorBuilder(flavor: Flavor): Builder {
  if (flavor === "multi_thread") return Builder.newMultiThread();
  if (flavor === "current_thread") return Builder.newCurrentThread();
  throw new InvalidArgumentError("main({ flavor })", flavor, '"multi_thread" or "current_thread"');
}

/**
 * Runs a program: builds a runtime with every driver, runs `program` on this thread, and shuts down when it ends. Tasks
 * that are left then are dropped.
 *
 * On a worker thread it does nothing: a worker that imports the program's own module, because a sendable function stands in
 * it, is not to run the program once more.
 *
 * @returns a promise of what `program` gives; rejects with what it throws.
 */
export function main<T>(program: MainProgram<T>): Promise<T>;
export function main<T>(options: MainOptions, program: MainProgram<T>): Promise<T>;
export async function main<T>(
  first: MainOptions | MainProgram<T>,
  second?: MainProgram<T>,
): Promise<T> {
  const [options, program] =
    typeof first === "function" ? [{}, first] : [first, second as MainProgram<T>];
  if (typeof program !== "function")
    throw new InvalidArgumentError(
      "main(program)",
      program,
      "a coroutine function or an async function",
    );
  if (isOnWorkerThread()) return undefined as T;
  const runtime = builderFor(options).build();
  try {
    return await (runtime.run as (program: MainProgram<T>) => Promise<T>)(program);
  } finally {
    runtime.shutdownBackground();
  }
}
