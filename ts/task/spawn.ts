// spawn.

import { currentScheduler } from "../runtime/context.js";
import { type SpawnFunction, spawnOn } from "../runtime/spawning.js";
import { JoinHandle } from "../runtime/task/join-handle.js";

/**
 * Starts a task on the current runtime.
 *
 * The form to prefer is a hoisted coroutine function and its arguments, `spawn(worker, 1, "a")`: it makes no closure.
 * Also taken: an async function, which gets `{ signal }` after its own arguments, and a future.
 *
 * @returns a handle: wait for the value, abort, or let it go; the task goes on without it.
 * @throws {NoRuntimeError} outside of every runtime. @throws {ShutdownError} once the runtime is shut down.
 * @throws {LimitError} when as many tasks are alive as the runtime may hold. @throws {NotAFutureError} for anything else.
 */
export const spawn: SpawnFunction = function spawn(target: unknown, ...args: unknown[]) {
  const scheduler = currentScheduler("spawn");
  return new JoinHandle(spawnOn(scheduler, spawn, target, args));
} as SpawnFunction;
