// `main`: a whole program.

import type { AsyncFunction, CoroutineFunction } from "../future/index.js";
import { Builder } from "./builder.js";
import { InvalidArgumentError } from "./errors.js";
import type { Flavor } from "./scheduler/scheduler.js";

/** Settings of {@link main}. For others use `Builder` and `Runtime.run`. */
export interface MainOptions {
  readonly flavor?: Flavor;
  readonly workerThreads?: number;
  readonly startPaused?: boolean;
  readonly rngSeed?: number;
  readonly name?: string;
}

/** A coroutine function without parameters, or an async function that may take `{ signal }`. */
export type MainProgram<T> = CoroutineFunction<[], T> | AsyncFunction<[], T>;

function builderFor(options: MainOptions): Builder {
  const flavor = options.flavor ?? "current_thread";
  if (flavor !== "current_thread")
    throw new InvalidArgumentError("main({ flavor })", flavor, '"current_thread"');
  const builder = Builder.newCurrentThread().enableAll();
  if (options.workerThreads !== undefined) builder.workerThreads(options.workerThreads);
  if (options.startPaused !== undefined) builder.startPaused(options.startPaused);
  if (options.rngSeed !== undefined) builder.rngSeed(options.rngSeed);
  if (options.name !== undefined) builder.name(options.name);
  return builder;
}

/**
 * Runs a program: builds a runtime with every driver, runs `program` on this thread, and shuts down when it ends. Tasks
 * that are left then are dropped.
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
  const runtime = builderFor(options).build();
  try {
    return await (runtime.run as (program: MainProgram<T>) => Promise<T>)(program);
  } finally {
    runtime.shutdownBackground();
  }
}
